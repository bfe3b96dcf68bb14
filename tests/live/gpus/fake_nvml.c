/* A stand-in for libnvidia-ml.so.1 that answers by a script, so that the real nvidia-ml-py runs without a GPU.
 *
 * The script is the text file named by FAKE_NVML, one setting a line, read at nvmlInit (and before every call
 * when FAKE_NVML_LIVE is set):
 *     gpus 2 | driver 580.95.05 | init 9          number of GPUs, driver version, error code of nvmlInit
 *     kernel 2                                    the loaded driver; a library of another BUILD does not fit (18)
 *     now 90000                                   what time it is, milliseconds
 *     shutdown 500                                nvmlShutdown takes so many milliseconds
 *     GPU util 55 | GPU codec 3 | GPU watts 300   what it is doing (GPU is an index, or * for all)
 *     GPU history 90 5 97                         nvmlDeviceGetSamples: 90 values of 5, one of them 97
 *     GPU burst 10 300 97                         97 % for 10 s every 300 s, in gauge and history (of 20 s)
 *     GPU empty_history 1                         nvmlDeviceGetSamples succeeds with nothing
 *     GPU memory 81559 1200 512                   total, used, reserved MiB
 *     GPU compute PID MIB | GPU graphics PID MIB  a program on it
 *     GPU mig 1
 *     GPU fail FUNCTION CODE                      FUNCTION as in nvmlDeviceGetFUNCTION, or * for all
 *     GPU hang FUNCTION MILLISECONDS
 * Compiled with -DOLD_DRIVER it lacks what drivers before 510 lack.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_GPUS 64
#define MAX_RULES 32
#define MAX_PROCESSES 32
#define SUCCESS 0
#define INVALID_ARGUMENT 2
#define NOT_SUPPORTED 3
#define NOT_FOUND 6
#define INSUFFICIENT_SIZE 7
#define MISMATCH 18

typedef unsigned long long u64;
typedef struct { char function[48]; int value; } rule_t;
typedef struct { unsigned pid; u64 used; unsigned instance, compute_instance; } process_t;
typedef struct {
    unsigned util, codec, watts, history, history_value, history_peak, mig, empty_history, burst, burst_period, burst_peak;
    u64 total, used, reserved;
    int fails, hangs, computes, graphics;
    rule_t fail[MAX_RULES], hang[MAX_RULES];
    process_t compute[MAX_PROCESSES], graphic[MAX_PROCESSES];
} gpu_t;

static gpu_t gpus[MAX_GPUS];
static unsigned gpu_count = 1;
static char driver[80] = "580.95.05";
static int init_error = 0, shutdown_ms = 0, started = 0, live = 0;
static u64 born_ms = 0, script_now_ms = 0;
static int kernel = 0;
#ifndef BUILD
#define BUILD 1
#endif
unsigned fake_calls_processes = 0, fake_calls_init = 0; /* read by tests */

static u64 now_ms(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (u64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void set(gpu_t *gpu, const char *key, const char *rest) {
    rule_t rule;
    process_t process = {0, 0, 0xffffffffu, 0xffffffffu};
    memset(&rule, 0, sizeof rule);
    if (!strcmp(key, "util")) gpu->util = atoi(rest);
    else if (!strcmp(key, "codec")) gpu->codec = atoi(rest);
    else if (!strcmp(key, "watts")) gpu->watts = atoi(rest);
    else if (!strcmp(key, "mig")) gpu->mig = atoi(rest);
    else if (!strcmp(key, "empty_history")) gpu->empty_history = atoi(rest);
    else if (!strcmp(key, "burst")) sscanf(rest, "%u %u %u", &gpu->burst, &gpu->burst_period, &gpu->burst_peak);
    else if (!strcmp(key, "history")) sscanf(rest, "%u %u %u", &gpu->history, &gpu->history_value, &gpu->history_peak);
    else if (!strcmp(key, "memory")) sscanf(rest, "%llu %llu %llu", &gpu->total, &gpu->used, &gpu->reserved);
    else if (!strcmp(key, "compute") || !strcmp(key, "graphics")) {
        u64 mib = 0;
        sscanf(rest, "%u %llu", &process.pid, &mib);
        process.used = mib << 20;
        if (key[0] == 'c' && gpu->computes < MAX_PROCESSES) gpu->compute[gpu->computes++] = process;
        if (key[0] == 'g' && gpu->graphics < MAX_PROCESSES) gpu->graphic[gpu->graphics++] = process;
    } else if (sscanf(rest, "%47s %d", rule.function, &rule.value) == 2) {
        if (!strcmp(key, "fail") && gpu->fails < MAX_RULES) gpu->fail[gpu->fails++] = rule;
        if (!strcmp(key, "hang") && gpu->hangs < MAX_RULES) gpu->hang[gpu->hangs++] = rule;
    }
}

static void read_script(void) {
    char line[256], who[32], key[32], rest[160];
    const char *path = getenv("FAKE_NVML");
    FILE *file = path ? fopen(path, "r") : NULL;
    memset(gpus, 0, sizeof gpus);
    for (int i = 0; i < MAX_GPUS; i++) {
        gpus[i].total = 81559; gpus[i].reserved = 551; gpus[i].watts = 70;
    }
    gpu_count = 1; init_error = shutdown_ms = kernel = 0; script_now_ms = 0;
    while (file && fgets(line, sizeof line, file)) {
        who[0] = key[0] = rest[0] = 0;
        if (sscanf(line, "%31s %31s %159[^\n]", who, key, rest) < 2 || who[0] == '#') continue;
        if (!strcmp(who, "gpus")) gpu_count = atoi(key);
        else if (!strcmp(who, "driver")) snprintf(driver, sizeof driver, "%s", key);
        else if (!strcmp(who, "init")) init_error = atoi(key);
        else if (!strcmp(who, "kernel")) kernel = atoi(key);
        else if (!strcmp(who, "now")) script_now_ms = strtoull(key, NULL, 10);
        else if (!strcmp(who, "shutdown")) shutdown_ms = atoi(key);
        else if (!strcmp(who, "*")) for (int i = 0; i < MAX_GPUS; i++) set(&gpus[i], key, rest);
        else if (atoi(who) < MAX_GPUS) set(&gpus[atoi(who)], key, rest);
    }
    if (file) fclose(file);
}

/* Every device call starts here: the script's delay and error for it. */
static int enter(gpu_t *gpu, const char *function) {
    if (!started) return 1;
    if (live) read_script();
    if (kernel && kernel != BUILD) return MISMATCH;
    if (gpu < gpus || gpu >= gpus + gpu_count) return INVALID_ARGUMENT;
    for (int i = 0; i < gpu->hangs; i++)
        if (!strcmp(gpu->hang[i].function, function) || gpu->hang[i].function[0] == '*')
            usleep(gpu->hang[i].value * 1000u);
    for (int i = 0; i < gpu->fails; i++)
        if (!strcmp(gpu->fail[i].function, function) || gpu->fail[i].function[0] == '*')
            return gpu->fail[i].value;
    return SUCCESS;
}

/* FAKE_NVML_HELD names a file that is there while the driver is in use. */
static void hold(int on) {
    const char *path = getenv("FAKE_NVML_HELD");
    if (!path) return;
    if (!on) unlink(path);
    else fclose(fopen(path, "w"));
}

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    fake_calls_init++;
    live = getenv("FAKE_NVML_LIVE") != NULL;
    read_script();
    if (init_error) return init_error;
    if (kernel && kernel != BUILD) return MISMATCH;
    if (!born_ms) born_ms = now_ms(CLOCK_MONOTONIC);
    started++;
    hold(1);
    return SUCCESS;
}

int nvmlShutdown(void) {
    if (live) read_script();
    if (shutdown_ms) usleep(shutdown_ms * 1000u);
    if (started && !--started) hold(0);
    return SUCCESS;
}
const char *nvmlErrorString(int code) { return code ? "Fake error" : "Success"; }

int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "%s", driver); return SUCCESS; }

int nvmlDeviceGetCount_v2(unsigned *count) {
    if (live) read_script();
    *count = gpu_count;
    return init_error;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, gpu_t **handle) {
    if (index >= gpu_count) return INVALID_ARGUMENT;
    *handle = &gpus[index];
    return enter(*handle, "HandleByIndex");
}

int nvmlDeviceGetName(gpu_t *gpu, char *text, unsigned size) {
    snprintf(text, size, "NVIDIA H100 80GB HBM3");
    return enter(gpu, "Name");
}

int nvmlDeviceGetUUID(gpu_t *gpu, char *text, unsigned size) {
    snprintf(text, size, "GPU-00000000-0000-0000-0000-%012d", (int)(gpu - gpus));
    return enter(gpu, "UUID");
}

typedef struct { u64 total, free, used; } memory_v1_t;
int nvmlDeviceGetMemoryInfo(gpu_t *gpu, memory_v1_t *memory) {
    int error = enter(gpu, "MemoryInfo");
    memory->total = gpu->total << 20;
    memory->used = (gpu->used + gpu->reserved) << 20; /* version 1 counts the reserve as used */
    memory->free = memory->total - memory->used;
    return error;
}

static u64 gpu_now_ms(void) { return script_now_ms ? script_now_ms : now_ms(CLOCK_REALTIME); }

static unsigned util_at(gpu_t *gpu, u64 ms) {
    if (!gpu->burst_period) return gpu->util;
    return ms / 1000 % gpu->burst_period < gpu->burst ? gpu->burst_peak : gpu->util;
}

typedef struct { unsigned gpu, memory; } rates_t;
int nvmlDeviceGetUtilizationRates(gpu_t *gpu, rates_t *rates) {
    int error = enter(gpu, "UtilizationRates");
    rates->gpu = util_at(gpu, gpu_now_ms());
    rates->memory = rates->gpu / 2;
    return error ? error : gpu->mig ? NOT_SUPPORTED : SUCCESS;
}

int nvmlDeviceGetEncoderUtilization(gpu_t *gpu, unsigned *percent, unsigned *period) {
    int error = enter(gpu, "EncoderUtilization");
    *percent = gpu->codec; *period = 167000;
    return error ? error : gpu->mig ? NOT_SUPPORTED : SUCCESS;
}

int nvmlDeviceGetDecoderUtilization(gpu_t *gpu, unsigned *percent, unsigned *period) {
    int error = enter(gpu, "DecoderUtilization");
    *percent = 0; *period = 167000;
    return error ? error : gpu->mig ? NOT_SUPPORTED : SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(gpu_t *gpu, u64 *millijoules) {
    int error = enter(gpu, "TotalEnergyConsumption");
    *millijoules = 1000000 + (now_ms(CLOCK_MONOTONIC) - born_ms) * gpu->watts;
    return error;
}

int nvmlDeviceGetPowerUsage(gpu_t *gpu, unsigned *milliwatts) {
    int error = enter(gpu, "PowerUsage");
    *milliwatts = gpu->watts * 1000;
    return error;
}

int nvmlDeviceGetMigMode(gpu_t *gpu, unsigned *current, unsigned *pending) {
    int error = enter(gpu, "MigMode");
    *current = *pending = gpu->mig;
    return error;
}

typedef struct { u64 stamp; u64 value; } sample_t;
static int burst_history(gpu_t *gpu, u64 since, unsigned *count, sample_t *samples) {
    u64 now = gpu_now_ms();
    unsigned have = 0;
    for (u64 at = now > 20000 ? now - 20000 : 0; at <= now; at += 167) {
        if (at * 1000 <= since) continue;
        if (samples && have < *count) { samples[have].stamp = at * 1000; samples[have].value = util_at(gpu, at); }
        have++;
    }
    *count = have;
    return have ? SUCCESS : NOT_FOUND;
}

int nvmlDeviceGetSamples(gpu_t *gpu, int type, u64 since, int *value_type, unsigned *count, sample_t *samples) {
    int error = enter(gpu, "Samples");
    u64 now = gpu_now_ms() * 1000;
    (void)type;
    if (error) return error;
    *value_type = 1;
    if (gpu->empty_history) { *count = 0; return SUCCESS; }
    if (gpu->burst_period) return burst_history(gpu, since, count, samples);
    if (gpu->mig || !gpu->history) return gpu->mig ? NOT_SUPPORTED : NOT_FOUND;
    *value_type = 1;
    for (unsigned i = 0; samples && i < gpu->history && i < *count; i++) {
        samples[i].stamp = now - (gpu->history - i) * 167000ull;
        samples[i].value = i == gpu->history / 2 ? gpu->history_peak : gpu->history_value;
    }
    *count = gpu->history;
    return SUCCESS;
}

static int list(int error, process_t *from, int have, unsigned *count, process_t *to) {
    fake_calls_processes++;
    if (error) return error;
    if (!have) { *count = 0; return SUCCESS; }
    if (!to || *count < (unsigned)have) { *count = have; return INSUFFICIENT_SIZE; }
    memcpy(to, from, have * sizeof *from);
    *count = have;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v2(gpu_t *gpu, unsigned *count, process_t *to) {
    return list(enter(gpu, "ComputeRunningProcesses"), gpu->compute, gpu->computes, count, to);
}
int nvmlDeviceGetGraphicsRunningProcesses_v2(gpu_t *gpu, unsigned *count, process_t *to) {
    return list(enter(gpu, "GraphicsRunningProcesses"), gpu->graphic, gpu->graphics, count, to);
}

#ifndef OLD_DRIVER
typedef struct { unsigned version; u64 total, reserved, free, used; } memory_v2_t;
int nvmlDeviceGetMemoryInfo_v2(gpu_t *gpu, memory_v2_t *memory) {
    int error = enter(gpu, "MemoryInfo_v2");
    if (memory->version != 0x02000028) return 25;
    memory->total = gpu->total << 20;
    memory->reserved = gpu->reserved << 20;
    memory->used = gpu->used << 20;
    memory->free = memory->total - memory->used - memory->reserved;
    return error;
}
int nvmlDeviceGetComputeRunningProcesses_v3(gpu_t *gpu, unsigned *count, process_t *to) {
    return nvmlDeviceGetComputeRunningProcesses_v2(gpu, count, to);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(gpu_t *gpu, unsigned *count, process_t *to) {
    return nvmlDeviceGetGraphicsRunningProcesses_v2(gpu, count, to);
}
#endif

/* What other programs ask for besides; only the bench runs them. */
static int one(gpu_t *gpu, unsigned *into, unsigned value) {
    *into = value;
    return enter(gpu, "One");
}
int nvmlDeviceGetIndex(gpu_t *gpu, unsigned *into) { return one(gpu, into, gpu - gpus); }
int nvmlDeviceGetMinorNumber(gpu_t *gpu, unsigned *into) { return one(gpu, into, gpu - gpus); }
int nvmlDeviceGetTemperature(gpu_t *gpu, int sensor, unsigned *into) { (void)sensor; return one(gpu, into, 41); }
int nvmlDeviceGetFanSpeed(gpu_t *gpu, unsigned *into) { return one(gpu, into, 30); }
int nvmlDeviceGetEnforcedPowerLimit(gpu_t *gpu, unsigned *into) { return one(gpu, into, 700000); }
int nvmlDeviceGetPowerManagementLimit(gpu_t *gpu, unsigned *into) { return one(gpu, into, 700000); }
int nvmlDeviceGetDisplayActive(gpu_t *gpu, unsigned *into) { return one(gpu, into, 0); }
int nvmlDeviceGetDisplayMode(gpu_t *gpu, unsigned *into) { return one(gpu, into, 0); }
int nvmlDeviceGetPersistenceMode(gpu_t *gpu, unsigned *into) { return one(gpu, into, 1); }
int nvmlDeviceGetComputeMode(gpu_t *gpu, unsigned *into) { return one(gpu, into, 0); }
int nvmlDeviceGetPerformanceState(gpu_t *gpu, unsigned *into) { return one(gpu, into, 0); }
int nvmlDeviceGetClockInfo(gpu_t *gpu, int kind, unsigned *into) { (void)kind; return one(gpu, into, 1980); }
int nvmlDeviceGetMaxClockInfo(gpu_t *gpu, int kind, unsigned *into) { (void)kind; return one(gpu, into, 1980); }
int nvmlDeviceGetCudaComputeCapability(gpu_t *gpu, int *major, int *minor) {
    *major = 9; *minor = 0;
    return enter(gpu, "CudaComputeCapability");
}
int nvmlSystemGetCudaDriverVersion(int *version) { *version = 13000; return SUCCESS; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 13000; return SUCCESS; }
int nvmlDeviceGetTotalEccErrors(gpu_t *gpu, int kind, int counter, u64 *count) {
    (void)kind; (void)counter;
    *count = 0;
    return enter(gpu, "TotalEccErrors");
}
