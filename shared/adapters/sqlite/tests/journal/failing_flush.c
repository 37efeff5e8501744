/* Makes the flush number FAIL_AT of this process, and every later one, fail as a broken disk does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

static int flush(const char *name, int file) {
  static int count;
  const char *limit = getenv("FAIL_AT");
  if (limit && __sync_add_and_fetch(&count, 1) >= atoi(limit)) {
    errno = EIO;
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  return real(file);
}

int fsync(int file) { return flush("fsync", file); }
int fdatasync(int file) { return flush("fdatasync", file); }
