"""The embedded broker: a real Apache Kafka in KRaft mode, its jars fetched once by Maven."""

import base64
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Final

import psutil
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connectors.files import write_whole
from connectors.kafka.access import Access
from stack.caches import cache_directory
from stack.errors import CannotStart, MissingTool
from stack.home import Home, tail
from stack.servers.principals import BROKER, Passwords, let_in, passwords_of
from stack.tether import spawn

JAVA_AT_LEAST: Final = 17
START_TIMEOUT_S: Final = 90.0
STOP_TIMEOUT_S: Final = 20.0
JAVA_OPTIONS: Final = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH")
HEAP: Final = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class EmbeddedBroker:
    """Starts and stops one Kafka process; its data stays in the home directory."""

    def __init__(self, home: Home) -> None:
        """Remember where; nothing is started."""
        self._home = home
        self._directory = home.path / "kafka"
        self.passwords = Passwords(passwords_of(home.path))
        self._process: subprocess.Popen[bytes] | None = None
        self.bootstrap = ""
        self.version = ""

    @property
    def log(self) -> Path:
        """Return the file of its log."""
        return self._directory / "broker.log"

    def start(self) -> None:
        """Fetch the jars if needed, format once, start, and let the principals in.

        Raises:
            MissingTool: no Java 17 or no Maven.
            CannotStart: Maven or Kafka failed; quotes the last words of the log.
        """
        java = find_java()
        jars = fetch_jars()
        self.version = jar_version(jars)
        self._stop_left_over(self._directory / "broker.properties")
        same_port(self._home, "kafka", self.bootstrap)
        port, controller = self._home.port("kafka"), self._home.port("kafka_controller")
        config = self._configure(port, controller)
        command = [java, *HEAP, "-cp", f"{jars}/*"]
        self._format(command, config)
        log4j = config_file("log4j2.properties")
        with self.log.open("ab") as log:
            self._process = spawn(
                [*command, f"-Dlog4j2.configurationFile={log4j}", "kafka.Kafka", str(config)],
                signal.SIGTERM,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(),
            )
        self._pid_file.write_text(str(self._process.pid))
        self.bootstrap = f"127.0.0.1:{port}"
        let_in(self._wait(), self.passwords)

    def access(self, principal: str) -> Access:
        """Return a principal's way to the broker. Called once it has been started."""
        return self.passwords.access(principal, self.bootstrap)

    def admin(self) -> AdminClient:
        """Return the super user's client. Called once the broker has been started."""
        return self.passwords.admin(self.bootstrap)

    def stop(self) -> None:
        """Stop the process this object started; a second call does nothing."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Kill the broker as a power cut would; `start` brings it back with its data."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def has_died(self) -> bool:
        """Tell whether the process that this object started is gone, though nobody stopped it."""
        return self._process is not None and self._process.poll() is not None

    @property
    def _pid_file(self) -> Path:
        return self._directory / "broker.pid"

    def _stop_left_over(self, config: Path) -> None:
        """Stop a broker that an earlier, killed tidewire of this home left running."""
        try:
            left = psutil.Process(int(self._pid_file.read_text()))
            if str(config) in left.cmdline():
                left.terminate()
                left.wait(STOP_TIMEOUT_S)
        except (OSError, ValueError, psutil.Error):
            return  # no file, no such process, or it is somebody else's

    def _configure(self, port: int, controller: int) -> Path:
        data = self._directory / "data"
        if "," in str(data):
            reason = f"Kafka takes the comma in {data} for the end of a name: use another --home."
            raise CannotStart(reason)
        data.mkdir(parents=True, exist_ok=True)
        text = config_file("broker.properties").read_text()
        values = {
            "port": port, "controller_port": controller, "data": data,
            "password": self.passwords.of(BROKER),
        }  # fmt: skip
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", _property(str(value)))
        config = self._directory / "broker.properties"
        write_whole(config, text.encode("iso-8859-1"), 0o600)
        return config

    def _format(self, command: list[str], config: Path) -> None:
        if (self._directory / "data" / "meta.properties").exists():
            return
        fresh = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        cluster = self._home.value("kafka_cluster", fresh.replace("-", "a"))
        tool = [*command, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config)]
        done = subprocess.run(tool, capture_output=True, text=True, check=False, env=_environment())
        if done.returncode:
            reason = (
                f"Kafka could not format {config.parent / 'data'}: {done.stderr.strip()[-300:]} "
                "Move that directory away and start again."
            )
            raise CannotStart(reason)

    def _wait(self) -> AdminClient:
        """Wait for the first answer; returns the super user's client."""
        log = self.log
        deadline = time.monotonic() + START_TIMEOUT_S
        access = self.access(BROKER)
        admin = AdminClient(access.settings({"log_level": 0, "socket.timeout.ms": 2000}))
        while time.monotonic() < deadline:
            process = self._process
            if process is None or process.poll() is not None:
                reason = f"Kafka stopped while starting: {tail(log)}. See {log}, then start again."
                raise CannotStart(reason)
            try:
                if admin.list_topics(timeout=1).brokers:
                    return admin
            except KafkaException:
                time.sleep(0.1)
        self.kill()
        reason = f"Kafka did not answer within {START_TIMEOUT_S:.0f} s: {tail(log)}. See {log}."
        raise CannotStart(reason)


def same_port(home: Home, server: str, known: str) -> None:
    """See that a server that is started again can be where its clients look for it.

    Args:
        home: remembers the port.
        server: by its name there.
        known: where it was; empty at its first start.

    Raises:
        CannotStart: somebody else is there.
    """
    port = home.ports().get(server, 0)
    if known and home.is_taken(port):
        reason = f"Port {port}, where {server} is looked for, is taken: end the program there."
        raise CannotStart(reason)


def _environment() -> dict[str, str]:
    """Return the environment of Java: names of files follow the locale, options are ours."""
    return {k: v for k, v in os.environ.items() if k not in JAVA_OPTIONS} | {"LC_ALL": "C.UTF-8"}


def _property(text: str) -> str:
    """Return a value of a Java properties file, which is read as ISO-8859-1 with escapes."""
    plain = text.replace("\\", "\\\\")
    utf16 = plain.encode("utf-16-be", "surrogatepass")
    units = [int.from_bytes(utf16[i : i + 2], "big") for i in range(0, len(utf16), 2)]
    return "".join(chr(u) if 0x20 <= u < 0x7F else f"\\u{u:04x}" for u in units)


def find_java() -> str:
    """Return the Java to use: JAVA_HOME's, else the PATH's.

    Raises:
        MissingTool: none, or older than 17.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else None
    java = java or shutil.which("java")
    if java is None:
        reason = (
            "Apache Kafka needs Java 17 or newer and there is none: install it "
            "(Debian: apt-get install openjdk-17-jre-headless), name a running broker with "
            "TIDEWIRE_BOOTSTRAP=HOST:PORT, or look around with `tidewire demo --broker memory`."
        )
        raise MissingTool(reason)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < JAVA_AT_LEAST:
        reason = (
            f"Apache Kafka needs Java 17 or newer, {java} is older: install one or set JAVA_HOME."
        )
        raise MissingTool(reason)
    return java


def config_file(name: str) -> Path:
    """Return a file of the broker's configuration, from the checkout or the installed package."""
    beside = Path(__file__).resolve().parents[2] / "kafka" / name
    return beside if beside.exists() else Path(sys.prefix) / "share/tidewire/kafka" / name


def fetch_jars() -> Path:
    """Return the directory of Kafka's jars; Maven fills it once per pinned version.

    Raises:
        MissingTool: they are not there yet and Maven is not installed.
        CannotStart: Maven failed.
    """
    pom = config_file("pom.xml")
    jars = _jars_directory(pom)
    cache = jars.parent
    if jars.exists():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        reason = (
            "Kafka's jars are fetched by Maven and there is no mvn: install it "
            "(Debian: apt-get install maven), name a running broker with "
            "TIDEWIRE_BOOTSTRAP=HOST:PORT, or look around with `tidewire demo --broker memory`."
        )
        raise MissingTool(reason)
    draft = cache / f".fetching-{os.getpid()}"
    done = subprocess.run(
        [maven, "-q", "-B", "-ntp", "-f", str(pom), "dependency:copy-dependencies",
         f"-DoutputDirectory={draft}", "-DincludeScope=runtime"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        reason = (
            f"Maven could not fetch Kafka's jars: {done.stdout.strip()[-400:]} "
            "Check the network and Maven's settings.xml, then start again."
        )
        raise CannotStart(reason)
    try:
        draft.rename(jars)
    except OSError:  # another process was faster
        shutil.rmtree(draft)
    return jars


def cached_jars() -> Path | None:
    """Return the directory of Kafka's jars if they were fetched already."""
    jars = _jars_directory(config_file("pom.xml"))
    return jars if jars.exists() else None


def _jars_directory(pom: Path) -> Path:
    pins = "-".join(re.findall(r"<version>([\d.]+)</version>", pom.read_text())[:2])
    return cache_directory().resolve() / f"kafka-{pins}"


def jar_version(jars: Path) -> str:
    """Return Kafka's version, read off the jar that is really run."""
    found = next(jars.glob("kafka_2.13-*.jar"), None)
    return found.stem.removeprefix("kafka_2.13-") if found else "unknown"
