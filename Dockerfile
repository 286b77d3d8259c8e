# Liên Thông: the gateway's image. Build: docker build -t lienthong .
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc g++ make && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --locked --profile dist -p server --bin lienthong

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 lienthong \
 && useradd --system --uid 10001 --gid lienthong --home-dir /opt/lienthong --shell /usr/sbin/nologin lienthong \
 && install --directory --owner=lienthong --group=lienthong --mode=0700 /opt/lienthong/data
WORKDIR /opt/lienthong
COPY --from=build /source/target/dist/lienthong /usr/local/bin/lienthong
COPY adapters adapters
COPY schemas schemas
COPY config config
USER lienthong
# Mount the province's own configuration over /opt/lienthong/config: addresses, clients, policy; secrets as files or variables.
# TLS is terminated in front of port 8080. The operations port stays on loopback inside the container, where the health
# check asks it; set LIENTHONG_SERVER_OPERATIONS_LISTEN to scrape it from a private network.
ENV LIENTHONG_CONFIG=config/lienthong.toml \
    LIENTHONG_SERVER_LISTEN=0.0.0.0:8080
EXPOSE 8080
VOLUME /opt/lienthong/data
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["lienthong", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["lienthong"]
CMD ["serve"]
