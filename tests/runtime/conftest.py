from tests.serving.conftest import model_folder, table_folder

__all__ = ["model_folder", "table_folder"]
