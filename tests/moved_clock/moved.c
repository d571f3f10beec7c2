/* A clock that tests move; preloaded into a process (LD_PRELOAD), see __init__.py.
 *
 * Wall clocks are moved for everybody. The monotonic clock is moved for the Python interpreter
 * alone, with the waits that it lets end at a moment: who else measures time in the process
 * (librdkafka, the engine, Java) keeps its timeouts in real seconds. With MOVED_MONOTONIC=real
 * Python keeps them, too: its CLOCK_BOOTTIME alone moves, for real/sitecustomize.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  volatile int64_t version;
  volatile int64_t real, wall, monotonic;
  volatile double rate;
} Page;
typedef struct {
  int64_t real, wall, monotonic;
  double rate;
} Moved;

#define NS 1000000000LL
#define EPOCH (100000000LL * NS) /* what is later is a wall clock's moment */
#define CALLER __builtin_return_address(0)
static const Page *page;
static int real_waits; /* Python's too */

__attribute__((constructor)) static void open_page(void) {
  const char *name = getenv("MOVED_CLOCK");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *found = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (found != MAP_FAILED) page = found;
  const char *how = getenv("MOVED_MONOTONIC");
  real_waits = how && !strcmp(how, "real");
}

static Moved moved(void) {
  Moved m;
  int64_t version;
  do {
    version = page->version;
    __sync_synchronize();
    m.real = page->real, m.wall = page->wall, m.monotonic = page->monotonic, m.rate = page->rate;
    __sync_synchronize();
  } while ((version & 1) || version != page->version);
  return m;
}

static int real_time(clockid_t clock, struct timespec *t) {
  static int (*known)(clockid_t, struct timespec *);
  if (!known) known = dlsym(RTLD_NEXT, "clock_gettime");
  return known ? known(clock, t) : (int)syscall(SYS_clock_gettime, clock, t);
}

static int64_t of(const struct timespec *t) { return t->tv_sec * NS + t->tv_nsec; }
static struct timespec spec(int64_t ns) {
  if (ns < 0) ns = 0;
  return (struct timespec){ns / NS, ns % NS};
}
static int64_t real_of(clockid_t clock) {
  struct timespec t;
  real_time(clock, &t);
  return of(&t);
}

/* Whether a call comes from the interpreter; few places call, each is looked up once. */
static int from_python(const void *caller) {
  static struct { const void *volatile at; volatile int python; } known[512];
  size_t n = ((uintptr_t)caller >> 2) % 512;
  if (known[n].at == caller) return known[n].python;
  Dl_info info;
  int python = 0;
  if (dladdr(caller, &info) && info.dli_fname) {
    const char *base = strrchr(info.dli_fname, '/');
    base = base ? base + 1 : info.dli_fname;
    python = !strncmp(base, "python", 6) || !strncmp(base, "libpython", 9);
  }
  known[n].at = 0;
  __sync_synchronize();
  known[n].python = python;
  __sync_synchronize();
  known[n].at = caller;
  return python;
}

static int64_t wall_now(void) {
  Moved m = moved();
  return m.wall + (int64_t)((real_of(CLOCK_MONOTONIC) - m.real) * m.rate);
}

static int is_wall(clockid_t c) { return c == CLOCK_REALTIME || c == CLOCK_REALTIME_COARSE; }
static int is_monotonic(clockid_t c) {
  if (real_waits) return c == CLOCK_BOOTTIME;
  return c == CLOCK_MONOTONIC || c == CLOCK_MONOTONIC_COARSE || c == CLOCK_MONOTONIC_RAW ||
         c == CLOCK_BOOTTIME;
}

static int get(clockid_t c, struct timespec *t, const void *caller) {
  if (page && is_wall(c)) {
    *t = spec(wall_now());
    return 0;
  }
  if (page && is_monotonic(c) && from_python(caller)) {
    Moved m = moved();
    *t = spec(m.monotonic + (int64_t)((real_of(CLOCK_MONOTONIC) - m.real) * m.rate));
    return 0;
  }
  return real_time(c, t);
}

/* The real moment at which a wait ends that is to end at a moment of the moved clock. */
static struct timespec until(const struct timespec *end, const void *caller) {
  int64_t at = of(end);
  int python = from_python(caller);
  Moved m = moved();
  int64_t real = real_of(CLOCK_MONOTONIC);
  if (at > EPOCH) {
    int64_t left = at - (m.wall + (int64_t)((real - m.real) * m.rate));
    return spec(real_of(CLOCK_REALTIME) + (python ? (int64_t)(left / m.rate) : left));
  }
  if (!python || real_waits) return *end;
  return spec(real + (int64_t)((at - m.monotonic - (real - m.real) * m.rate) / m.rate));
}

int clock_gettime(clockid_t c, struct timespec *t) { return get(c, t, CALLER); }

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
  (void)zone;
  struct timespec now;
  get(CLOCK_REALTIME, &now, CALLER);
  *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *t) {
  struct timespec now;
  get(CLOCK_REALTIME, &now, CALLER);
  if (t) *t = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec *t, int base) {
  get(CLOCK_REALTIME, t, CALLER);
  return base;
}

int clock_nanosleep(clockid_t c, int flags, const struct timespec *t, struct timespec *left) {
  static int (*known)(clockid_t, int, const struct timespec *, struct timespec *);
  if (!known) known = dlsym(RTLD_NEXT, "clock_nanosleep");
  if (!page || !(flags & TIMER_ABSTIME)) return known(c, flags, t, left);
  struct timespec end = until(t, CALLER);
  return known(c, flags, &end, left);
}

#define WAIT(name, things, given)                                    \
  int name(things, const struct timespec *restrict t) {              \
    static int (*known)(things, const struct timespec *);            \
    if (!known) known = dlsym(RTLD_NEXT, #name);                     \
    if (!page) return known(given, t);                               \
    struct timespec end = until(t, CALLER);                          \
    return known(given, &end);                                       \
  }
#define COMMA ,
WAIT(sem_timedwait, sem_t *restrict s, s)
WAIT(sem_clockwait, sem_t *restrict s COMMA clockid_t c, s COMMA c)
WAIT(pthread_mutex_timedlock, pthread_mutex_t *restrict m, m)
WAIT(pthread_cond_clockwait,
     pthread_cond_t *restrict c COMMA pthread_mutex_t *restrict m COMMA clockid_t k,
     c COMMA m COMMA k)

WAIT(cnd_timedwait, cnd_t *restrict c COMMA mtx_t *restrict m, c COMMA m)
WAIT(mtx_timedlock, mtx_t *restrict m, m)

int pthread_cond_timedwait(
    pthread_cond_t *restrict c, pthread_mutex_t *restrict m, const struct timespec *restrict t) {
  static int (*known)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (!known) known = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!known) known = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  if (!page) return known(c, m, t);
  struct timespec end = until(t, CALLER);
  return known(c, m, &end);
}
