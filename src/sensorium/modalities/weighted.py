"""How what a part of a value did for a decision is coloured."""


def weighted(weight: float) -> str:
    """The class and style of an element that did so much for a decision."""
    return f'class="{"for" if weight >= 0 else "against"}" style="--weight:{abs(weight):.2f}"'
