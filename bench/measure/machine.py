"""What figures depend on."""
import os
import platform
import subprocess


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        model = next((line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")), "?")
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return f"{model}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}, OpenSSL {openssl}"
