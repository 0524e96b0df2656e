# An inline function that two object files both hold is kept once by the linker. If one of the two was compiled for AVX-512, that copy
# may be the one kept, and a processor without it stops at an illegal instruction. So the kernels' objects may share nothing.
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} --demangle --defined-only ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]* [WVu] [^\n]*" shared "${symbols}")
  if(shared)
    list(JOIN shared "\n" shared)
    message(FATAL_ERROR "${object} holds inline functions that other objects may hold too:\n${shared}")
  endif()
endforeach()
