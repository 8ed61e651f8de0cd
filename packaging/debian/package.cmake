# The Debian package, by CPack. Dependencies on libraries are dpkg-shlibdeps's.
set(built ${CMAKE_CURRENT_BINARY_DIR})
set(debian ${CMAKE_CURRENT_SOURCE_DIR}/debian)
execute_process(COMMAND gzip -9nc ${debian}/changelog OUTPUT_FILE ${built}/changelog.Debian.gz
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/CHANGELOG.md OUTPUT_FILE ${built}/changelog.gz
    COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${built}/changelog.Debian.gz ${built}/changelog.gz ${debian}/copyright
    DESTINATION ${CMAKE_INSTALL_DOCDIR})
file(WRITE ${built}/conffiles "/etc/keyhold/keyhold.yaml\n")

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_VENDOR keyhold)
set(CPACK_PACKAGE_CONTACT "keyhold maintainers <maintainers@keyhold.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "private keys of a CA and of TLS servers, in a PKCS#11 token")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"keyhold keeps the private keys of a certificate authority and of TLS servers
inside a PKCS#11 token, and uses them there: it signs certificate requests
over a local HTTP API, and does the private-key operation of each handshake
for nginx and other proxies, whose key file holds only a reference.
.
This package has the daemon, the command line and the OpenSSL provider.")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "softhsm2, publicsuffix")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${debian}/postinst ${debian}/prerm ${debian}/postrm ${built}/conffiles)
include(CPack)
