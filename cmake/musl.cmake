# How the product is compiled and linked: static musl, fixed high address, no start-up
# relocations.
#
#  * gcc with musl's specs file, which is all that the musl-gcc wrapper does;
#  * objects are position-independent (-fPIE), because a link address above 4 GiB is out of
#    reach of the absolute 32-bit references of ordinary non-PIE code;
#  * the link is -no-pie at EMU_IMAGE_BASE. --no-relax keeps the linker from turning GOT loads
#    into 32-bit immediates; _DYNAMIC is referred to (weakly) by musl's start-up code and must
#    have an address in reach, though nothing reads it in a static program;
#  * libcapstone, libelf and libz are the distribution's archives, built against glibc: the few
#    glibc-only symbols they want are in emu/base/compat/glibc_shims.c. Their headers are
#    reached through a folder of links, so that no other glibc header is ever seen.

# Above HOST_RANGE_START, whose first pages are those of PRoot's loader, and below ALLOC_START.
set(EMU_IMAGE_BASE 0x600100000000)

find_file(MUSL_SPECS musl-gcc.specs PATHS /usr/lib/x86_64-linux-musl /usr/lib/musl
  /usr/local/musl/lib /usr/lib/musl/lib NO_DEFAULT_PATH REQUIRED)
find_file(LIB_CAPSTONE libcapstone.a PATHS /usr/lib/x86_64-linux-gnu REQUIRED)
find_file(LIB_ELF libelf.a PATHS /usr/lib/x86_64-linux-gnu REQUIRED)
find_file(LIB_Z libz.a PATHS /usr/lib/x86_64-linux-gnu REQUIRED)
find_path(SYSTEM_INCLUDE libelf.h PATHS /usr/include REQUIRED)

set(LINKED_INCLUDE ${CMAKE_BINARY_DIR}/sysinclude)
file(MAKE_DIRECTORY ${LINKED_INCLUDE})
foreach(header capstone libelf.h gelf.h zlib.h zconf.h)
  file(CREATE_LINK ${SYSTEM_INCLUDE}/${header} ${LINKED_INCLUDE}/${header} SYMBOLIC)
endforeach()

set(MUSL_COMPILE -specs=${MUSL_SPECS} -fPIE -ftls-model=local-exec ${EMU_CODEGEN} ${EMU_WARNINGS})
set(MUSL_LINK -specs=${MUSL_SPECS} -static -no-pie -Wl,--no-relax
  -Wl,-Ttext-segment=${EMU_IMAGE_BASE} -Wl,--defsym=_DYNAMIC=${EMU_IMAGE_BASE}
  -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,--build-id=none)

function(emu_musl_library name)
  add_library(${name} OBJECT ${ARGN} emu/base/compat/glibc_shims.c)
  add_dependencies(${name} a64_tables)
  target_include_directories(${name} SYSTEM PRIVATE ${LINKED_INCLUDE})
  target_compile_options(${name} PRIVATE ${MUSL_COMPILE})
endfunction()

# A program that contains the whole emulator except main.c, linked exactly as the product is.
function(emu_musl_executable name)
  add_executable(${name} ${ARGN} $<TARGET_OBJECTS:emu_core>)
  add_dependencies(${name} a64_tables)
  target_include_directories(${name} SYSTEM PRIVATE ${LINKED_INCLUDE})
  target_compile_options(${name} PRIVATE ${MUSL_COMPILE})
  target_link_options(${name} PRIVATE ${MUSL_LINK})
  target_link_libraries(${name} PRIVATE ${LIB_CAPSTONE} ${LIB_ELF} ${LIB_Z} -lm)
  if(EMU_COVERAGE) # its own runtime: the specs know none
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libgcov.a
      OUTPUT_VARIABLE gcov OUTPUT_STRIP_TRAILING_WHITESPACE)
    # What it refers to weakly must be there: address 0 is out of reach.
    target_link_libraries(${name} PRIVATE ${gcov} -Wl,-u,pthread_mutex_lock,-u,pthread_mutex_unlock)
  endif()
endfunction()
