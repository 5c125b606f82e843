// The description needs the key that the page at /ui keeps, where the service asks for keys.
const key = sessionStorage.getItem("sensorium-api-key");

SwaggerUIBundle({
  url: "/docs.json",
  dom_id: "#docs",
  deepLinking: true,
  requestInterceptor: (request) => {
    if (key && !request.headers.Authorization) request.headers.Authorization = `Bearer ${key}`;
    return request;
  },
});
