# Puts style, script and dygraphs into status.html, and the result into a C file. Works on
# hexadecimal text, so that no byte of them means anything to CMake.
foreach(part PAGE STYLE SCRIPT DYGRAPHS DYGRAPHS_STYLE)
  file(READ ${${part}} ${part}_HEX HEX)
endforeach()
set(page "${PAGE_HEX}")
foreach(part STYLE SCRIPT DYGRAPHS DYGRAPHS_STYLE)
  string(HEX "@${part}@" mark)
  string(FIND "${page}" "${mark}" at)
  if(at LESS 0)
    message(FATAL_ERROR "${PAGE}: @${part}@ is missing")
  endif()
  # A line that would end the element early, or name a file that is not served, must not get in.
  string(HEX "</script" end_mark)
  string(FIND "${${part}_HEX}" "${end_mark}" bad)
  if(NOT bad LESS 0)
    message(FATAL_ERROR "${${part}}: contains </script")
  endif()
  string(REPLACE "${mark}" "${${part}_HEX}" page "${page}")
endforeach()
# "//# sourceMappingURL=..." would make browsers ask for a file that is not served.
string(HEX "sourceMappingURL=" mark)
string(HEX "source-map-is-not-" with)
string(REPLACE "${mark}" "${with}" page "${page}")
string(LENGTH "${page}" digits)
math(EXPR bytes "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," text "${page}")
file(WRITE ${OUT}.new "#include \"page/page.h\"\n\nstatic const unsigned char text[] = {${text}0};\n"
  "const char *const metrics_page_text = (const char *)text;\n"
  "const size_t metrics_page_bytes = ${bytes};\n")
file(RENAME ${OUT}.new ${OUT})
