# HEAN on Debian, built by the same steps as everywhere: the package script, CMake, install. The
# second stage has what the program is linked with and curl for the health check.
FROM debian:12.11-slim AS build
WORKDIR /src
COPY .ci/packages.sh .ci/packages.sh
RUN .ci/packages.sh
COPY . .
RUN cmake --preset release -Wno-dev -DHEAN_TESTS=OFF && cmake --build build \
 && cmake --install build --prefix /usr/local

FROM debian:12.11-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ca-certificates curl libluajit-5.1-2 lua-cjson \
    libjansson4 libseccomp2 libssl3 zlib1g libsqlite3-0 libcurl4 libuv1 libwslay1 libmicrohttpd12 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/hean --create-home hean
COPY --from=build /usr/local /usr/local
RUN ldconfig && ldd /usr/local/bin/hean | (! grep 'not found')
USER hean
WORKDIR /var/lib/hean
VOLUME /var/lib/hean
EXPOSE 9090
ENTRYPOINT ["/usr/local/bin/hean"]
CMD ["run"]
