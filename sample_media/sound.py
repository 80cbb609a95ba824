"""What the recorder hears: a street that is computed, and sentences laid over it."""

import wave
from pathlib import Path

import ffmpeg
import numpy as np

RATE = 16_000
SPEECH = Path(__file__).parent / "speech"
TEXTS = {
    "S1_zf_xiaoxiao": ("id_shown", "您好，我们是综合行政执法局的执法人员，这是我们的执法证件，请过目。"),
    "S4_zm_yunxi": ("id_shown", "老板你好，我们是城管执法局的，这是我们的行政执法证，请你看一下。"),
    "N2_zm_yunxi": (
        "notice_given recording_notice",
        ("现在告知你违法的事实、理由和依据，你有权进行陈述和申辩，现场执法全过程录音录像，请你配合。"),
    ),
    "N4_zf_xiaoyi": ("recording_notice", "请注意，为了保护双方的合法权益，我们正在使用执法记录仪全程录音录像。"),
    "X1_zm_yunjian": ("none", "老板，你这个摊位不能摆在人行道上，请你马上把东西收进店里去。"),
    "X2_zf_xiaoxiao": ("none", "请出示一下你的身份证和营业执照，我登记一下。"),
}
SNR_DB = 15.0


def spoken(name: str) -> np.ndarray:
    """One sentence as samples between -1 and 1."""
    source = ffmpeg.input(str(SPEECH / f"{name}.opus"))
    raw, _ = source.output("pipe:", format="s16le", ac=1, ar=RATE).run(capture_stdout=True, quiet=True)
    return np.frombuffer(raw, "<i2").astype(np.float32) / 32768


def street(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Rumble and hiss that swell with passing vehicles, steps, and now and then a horn."""
    count = int(seconds * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)
    rumble = np.fft.irfft(spectrum / (1 + (hertz / 180) ** 1.4), count)
    hiss = np.fft.irfft(spectrum[::-1] * np.exp(-(((hertz - 1800) / 2200) ** 2)), count)
    t = np.arange(count) / RATE
    swell = np.full(count, 0.5)
    for when in rng.uniform(0, seconds, max(2, int(seconds / 7))):
        swell += rng.uniform(0.4, 1.4) * np.exp(-(((t - when) / rng.uniform(0.9, 2.2)) ** 2))
    noise = rumble / rumble.std() * swell + 0.35 * hiss / hiss.std() * swell
    for when in rng.uniform(0, seconds, max(1, int(seconds / 20))):
        inside = (t > when) & (t < when + 0.35)
        noise[inside] += 1.5 * np.sign(np.sin(2 * np.pi * 410 * t[inside])) * 0.4
    for when in np.arange(rng.uniform(0, 1), seconds, 0.55):
        inside = (t > when) & (t < when + 0.06)
        noise[inside] += rng.standard_normal(int(inside.sum())) * 0.6
    return (0.035 * noise / noise.std()).astype(np.float32)


def mix(rng: np.random.Generator, seconds: float, lines: list[tuple[str, float]]) -> tuple[np.ndarray, list[dict]]:
    """Noise with the given sentences (name, second), and the truth about them; what does not fit is cut off."""
    sound = street(rng, seconds)
    level = float(sound.std())
    truth = []
    for name, start in lines:
        voice = spoken(name)
        first = int(start * RATE)
        voice = voice[: max(0, len(sound) - first)]
        loud = np.abs(voice) > 10 ** (-36 / 20) * np.abs(voice).max()
        power = float(np.sqrt(np.mean(voice[loud] ** 2)))
        sound[first : first + len(voice)] += voice * (level * 10 ** (SNR_DB / 20) / power)
        heard = (np.flatnonzero(loud)[[0, -1]] / RATE + start).round(2).tolist()
        segment, text = TEXTS[name]
        truth.append({"kind": "spoken", "type": segment, "t0": heard[0], "t1": heard[1], "text": text, "snr_db": SNR_DB})
    return np.clip(sound, -1, 1), truth


def write_wave(path: Path, sound: np.ndarray) -> None:
    """A plain file, because the encoder reads the pictures from its pipe."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((sound * 32000).astype("<i2").tobytes())
