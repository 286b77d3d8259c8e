# Varnish keeps what may be kept. A GET by the number: it caches no POST without extra modules.
vcl 4.1;
backend agencies { .host = "«host»"; .port = "«upstream»"; }
sub vcl_backend_response { set beresp.ttl = 1d; }
