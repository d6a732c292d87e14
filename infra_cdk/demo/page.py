"""The script as a page, for whoever gives the demonstration by hand (`make docs`)."""

from infra_cdk.demo.script import SCENES


def page() -> str:
    """The whole page as Markdown."""
    rows = [
        "| # | At | Scene | What is done | What it says | Seconds |",
        "|---|---|---|---|---|---|",
    ]
    at = 0.0
    for number, scene in enumerate(SCENES, start=1):
        minute, second = divmod(round(at), 60)
        rows.append(
            f"| {number} | {minute}:{second:02d} | {scene.title} | {scene.done} | {scene.caption} |"
            f" {scene.seconds:g} |"
        )
        at += scene.seconds
    parts = [
        "# The demonstration",
        "Generated from the script that `make demo-video` plays, "
        "[infra_cdk/demo/script.py](../infra_cdk/demo/script.py) (`make docs`); do not edit. "
        "A test plays every scene in a browser.",
        "`make demo-video` plays it in Chromium against what `make run` runs and writes the film "
        "to `build/demo/demo.mp4`: 1280 × 800, captions below the page, no sound. It needs "
        "Debian's `chromium` and `ffmpeg`, and a churn model in force, which comes some minutes "
        "after the first `make run`. Playing changes what runs here: an intervention is assigned, "
        "begun and judged, and one session is reported and taken back.",
        "\n".join(rows),
        f"Together {round(at) // 60}:{round(at) % 60:02d} minutes.",
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")
