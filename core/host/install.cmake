# What `cmake --install` gives: the header, both libraries, the programs, the Lua files, and the
# packages for pkg-config and CMake. Paths are relative, so that an installed tree can be moved.
include(CMakePackageConfigHelpers)

# Where worker_path.c looks for hean-worker.
file(RELATIVE_PATH libexec_from_lib ${CMAKE_INSTALL_FULL_LIBDIR} ${CMAKE_INSTALL_FULL_LIBEXECDIR})
file(RELATIVE_PATH libexec_from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBEXECDIR})
target_compile_definitions(hean_host PRIVATE
  HEAN_LIBEXEC_DIR="${CMAKE_INSTALL_FULL_LIBEXECDIR}"
  HEAN_LIBEXEC_FROM_LIB="${libexec_from_lib}" HEAN_LIBEXEC_FROM_BIN="${libexec_from_bin}")

install(FILES ${PROJECT_SOURCE_DIR}/core/include/hean/hean.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hean)
set_target_properties(hean_shared PROPERTIES EXPORT_NAME hean)
set_target_properties(hean_static PROPERTIES EXPORT_NAME hean-static)
install(TARGETS hean_shared EXPORT hean)
install(TARGETS hean_static EXPORT hean-static)
install(TARGETS hean RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS hean-worker RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/lua ${PROJECT_SOURCE_DIR}/strategies
  DESTINATION ${CMAKE_INSTALL_DATADIR}/hean FILES_MATCHING PATTERN *.lua)

# What a program that takes the static library links as well.
list(JOIN LUAJIT_LDFLAGS " " private_luajit)
list(JOIN JANSSON_LDFLAGS " " private_jansson)
list(JOIN SECCOMP_LDFLAGS " " private_seccomp)
list(JOIN CRYPTO_LDFLAGS " " private_crypto)
list(JOIN ZLIB_LDFLAGS " " private_zlib)
list(JOIN MICROHTTPD_LDFLAGS " " private_microhttpd)
list(JOIN SQLITE_LDFLAGS " " private_sqlite)
list(JOIN CURL_LDFLAGS " " private_curl)
list(JOIN UV_LDFLAGS " " private_uv)
list(JOIN TLS_LDFLAGS " " private_tls)
file(RELATIVE_PATH package_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/core/host/cmake/hean.pc.in
  ${CMAKE_BINARY_DIR}/package/hean.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/package/hean.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hean)
configure_package_config_file(${PROJECT_SOURCE_DIR}/core/host/cmake/hean-config.cmake.in
  ${CMAKE_BINARY_DIR}/package/hean-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/hean-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/hean-config.cmake
  ${CMAKE_BINARY_DIR}/package/hean-config-version.cmake DESTINATION ${package_dir})
foreach(set hean hean-static)
  install(EXPORT ${set} NAMESPACE hean:: FILE ${set}-targets.cmake DESTINATION ${package_dir})
endforeach()
