"""User agents as they are sent, and what a person should read; for `test_user_agent.py`.

The strings are facts: what the named browsers and programs send, from their vendors' documentation and their
own output, versions adjusted. Own apps follow the grammar of `gate/app_agent.py`.
"""

from __future__ import annotations

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT}"
MACOS = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {KIT}"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {KIT}"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) " + APPLE

# user agent, name, kind, software
USER_AGENTS = [
    (f"{WINDOWS} Chrome/152.0.0.0 Safari/537.36", "Chrome on Windows", "laptop", "Chrome 152 on Windows"),
    (f"{MACOS} Chrome/152.0.0.0 Safari/537.36", "Chrome on macOS", "laptop", "Chrome 152 on macOS"),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/152.0.0.0 Safari/537.36",
        *("Chrome on Linux", "laptop", "Chrome 152 on Linux"),
    ),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {KIT} HeadlessChrome/152.0.0.0 Safari/537.36",
        *("Chrome on Linux", "laptop", "Chrome 152 on Linux"),
    ),
    (
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/151.0.0.0 Safari/537.36",
        *("Chrome on ChromeOS", "laptop", "Chrome 151 on ChromeOS"),
    ),
    (
        f"{ANDROID} Chrome/152.0.0.0 Mobile Safari/537.36",
        *("Chrome on Android", "phone", "Chrome 152 on Android"),
    ),
    (f"{ANDROID} Chrome/152.0.0.0 Safari/537.36", "Chrome on Android", "tablet", "Chrome 152 on Android"),
    (
        f"Mozilla/5.0 (Linux; Android 9; SM-G960F) {KIT} Chrome/91.0.4472.120 Mobile Safari/537.36",
        *("Chrome on Android", "phone", "Chrome 91 on Android 9"),
    ),
    (
        f"{WINDOWS} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
        *("Edge on Windows", "laptop", "Edge 150 on Windows"),
    ),
    (
        f"{ANDROID} Chrome/150.0.0.0 Mobile Safari/537.36 EdgA/150.0.0.0",
        *("Edge on Android", "phone", "Edge 150 on Android"),
    ),
    (
        f"{ANDROID} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
        *("Samsung Internet on Android", "phone", "Samsung Internet 29 on Android"),
    ),
    (
        f"{WINDOWS} Chrome/134.0.0.0 Safari/537.36 OPR/119.0.0.0",
        *("Opera on Windows", "laptop", "Opera 119 on Windows"),
    ),
    (
        f"{WINDOWS} Chrome/134.0.0.0 Safari/537.36 Vivaldi/7.3.3635.9",
        *("Vivaldi on Windows", "laptop", "Vivaldi 7 on Windows"),
    ),
    (
        f"{WINDOWS} Chrome/134.0.0.0 YaBrowser/25.4.0.0 Safari/537.36",
        *("Yandex Browser on Windows", "laptop", "Yandex Browser 25 on Windows"),
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:149.0) Gecko/20100101 Firefox/149.0",
        *("Firefox on Windows", "laptop", "Firefox 149 on Windows"),
    ),
    (
        "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0",
        *("Firefox on Windows", "laptop", "Firefox 115 on Windows 7"),
    ),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        *("Internet Explorer on Windows", "laptop", "Internet Explorer 11 on Windows 7"),
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:149.0) Gecko/20100101 Firefox/149.0",
        *("Firefox on macOS", "laptop", "Firefox 149 on macOS"),
    ),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0",
        *("Firefox on Ubuntu", "laptop", "Firefox 149 on Ubuntu"),
    ),
    (
        "Mozilla/5.0 (X11; Fedora; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        *("Firefox on Fedora", "laptop", "Firefox 128 on Fedora"),
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0",
        *("Firefox on Linux", "laptop", "Firefox 149 on Linux"),
    ),
    (
        "Mozilla/5.0 (Android 15; Mobile; rv:149.0) Gecko/149.0 Firefox/149.0",
        *("Firefox on Android", "phone", "Firefox 149 on Android 15"),
    ),
    (
        "Mozilla/5.0 (Android 14; Tablet; rv:128.0) Gecko/128.0 Firefox/128.0",
        *("Firefox on Android", "tablet", "Firefox 128 on Android 14"),
    ),
    # From iOS 26 on, WebKit goes on naming 18.6 or 18.7 (whatwg/compat#283).
    (
        f"{IPHONE.format('18_6')} Version/26.1 Mobile/15E148 Safari/604.1",
        *("Safari on iOS", "phone", "Safari 26 on iOS 26.1"),
    ),
    (
        f"{IPHONE.format('18_7')} Version/26.0 Mobile/15E148 Safari/604.1",
        *("Safari on iOS", "phone", "Safari 26 on iOS 26"),
    ),
    (
        f"{IPHONE.format('18_6')} Version/18.6 Mobile/15E148 Safari/604.1",
        *("Safari on iOS", "phone", "Safari 18 on iOS 18.6"),
    ),
    (
        f"{IPHONE.format('17_5_1')} Version/17.5 Mobile/15E148 Safari/604.1",
        *("Safari on iOS", "phone", "Safari 17 on iOS 17.5"),
    ),
    (
        f"{IPHONE.format('18_7')} CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1",
        *("Chrome on iOS", "phone", "Chrome 142 on iOS"),
    ),
    (
        f"{IPHONE.format('17_4')} CriOS/124.0.6367.71 Mobile/15E148 Safari/604.1",
        *("Chrome on iOS", "phone", "Chrome 124 on iOS 17.4"),
    ),
    (
        f"{IPHONE.format('18_7')} FxiOS/149.0 Mobile/15E148 Safari/605.1.15",
        *("Firefox on iOS", "phone", "Firefox 149 on iOS"),
    ),
    (
        f"{IPHONE.format('18_4')} Version/18.4 EdgiOS/135.0.3179.54 Mobile/15E148 Safari/604.1",
        *("Edge on iOS", "phone", "Edge 135 on iOS 18.4"),
    ),
    (
        f"{IPHONE.format('18_4')} Version/18.4 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
        *("DuckDuckGo on iOS", "phone", "DuckDuckGo 7 on iOS 18.4"),
    ),
    (
        f"{IPHONE.format('18_4')} Brave/1.75 Version/18.4 Mobile/15E148 Safari/604.1",
        *("Brave on iOS", "phone", "Brave 1 on iOS 18.4"),
    ),
    (
        f"Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) {APPLE} Version/16.6 Mobile/15E148 Safari/604.1",
        *("Safari on iPadOS", "tablet", "Safari 16 on iPadOS 16.7"),
    ),
    # An iPad that asks for desktop pages says the same.
    (
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/26.1 Safari/605.1.15",
        *("Safari on macOS", "laptop", "Safari 26 on macOS"),
    ),
    (
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) {APPLE} Version/12.1.2 Safari/605.1.15",
        *("Safari on macOS", "laptop", "Safari 12 on macOS 10.14"),
    ),
    (
        f"{IPHONE.format('18_4')} Mobile/15E148 [FBAN/FBIOS;FBAV/500.0.0.0;FBDV/iPhone15,3]",
        *("Facebook on iOS", "phone", "Facebook 500 on iOS 18.4"),
    ),
    (f"{IPHONE.format('18_4')} Mobile/15E148", "iOS", "phone", "iOS 18.4"),
    (
        f"Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/AP4A; wv) {KIT} Chrome/134.0.0.0 Mobile Safari/537.36",
        *("Android", "phone", "Android 15"),
    ),
    (
        "Dalvik/2.1.0 (Linux; U; Android 15; Pixel 9 Build/AP4A.250105.002)",
        *("Android", "phone", "Android 15"),
    ),
    (
        "Mozilla/5.0 (Mobile; Nokia 2780; rv:84.0) Gecko/84.0 Firefox/84.0 KAIOS/3.1",
        *("Firefox on KaiOS", "phone", "Firefox 84 on KaiOS 3.1"),
    ),
    (
        f"Mozilla/5.0 (PlayStation 5 8.20) {APPLE} Version/16.0 Safari/605.1.15",
        *("Safari", "unknown", "Safari 16"),
    ),
    (
        f"{WINDOWS} ExampleSync/3.2.1 Chrome/134.0.0.0 Electron/35.2.0 Safari/537.36",
        *("Example Sync on Windows", "app", "Example Sync 3.2.1 on Windows"),
    ),
    (
        "ExampleSync/3.2.1 (Windows 11 24H2; x64)",
        *("Example Sync on Windows", "app", "Example Sync 3.2.1 on Windows 11"),
    ),
    (
        "ExampleSync/4.2 (Ubuntu 24.04; x86_64)",
        *("Example Sync on Ubuntu", "app", "Example Sync 4.2 on Ubuntu 24.04"),
    ),
    (
        "ExampleSync/4.2 (macOS 26.1; arm64)",
        *("Example Sync on macOS", "app", "Example Sync 4.2 on macOS 26.1"),
    ),
    (
        "ExampleMobile/5.1.0 (iPhone15,3; iOS 18.6; Scale/3.00)",
        *("Example Mobile on iPhone 14 Pro Max", "phone", "Example Mobile 5.1.0 on iOS 18.6"),
    ),
    (
        "ExampleMobile/7.1 (iPhone 15; iOS 26)",
        *("Example Mobile on iPhone 15", "phone", "Example Mobile 7.1 on iOS 26"),
    ),
    (
        "ExampleMobile/7.1 (iPhone99,9; iOS 30)",
        *("Example Mobile on iPhone", "phone", "Example Mobile 7.1 on iOS 30"),
    ),
    (
        "ExampleMobile/7.1 (Pixel 8; Android 16)",
        *("Example Mobile on Pixel 8", "phone", "Example Mobile 7.1 on Android 16"),
    ),
    (
        "ExampleMobile/7.0 (iPad14,1; iPadOS 26)",
        *("Example Mobile on iPad", "tablet", "Example Mobile 7.0 on iPadOS 26"),
    ),
    # The number is a build, and Darwin may be a phone's or a computer's.
    ("ExampleMobile/512 CFNetwork/1568.200.51 Darwin/24.1.0", "Example Mobile", "app", ""),
    ("curl/8.5.0", "curl", "app", "curl 8.5.0"),
    ("Go-http-client/1.1", "Go-http-client", "app", "Go-http-client 1.1"),
    ("python-requests/2.32.3", "Python Requests", "app", "Python Requests 2.32"),
    ("python-httpx/0.28.1", "python-httpx", "app", "python-httpx 0.28.1"),
    ("PostmanRuntime/7.43.0", "Postman", "app", "Postman 7.43.0"),
    ("okhttp/4.12.0", "okhttp", "app", "okhttp 4.12.0"),
    ("Dart/3.5 (dart:io)", "Dart", "app", "Dart 3.5"),
    ("Wget/1.21.4", "Wget", "app", "Wget 1.21.4"),
    (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        *("Googlebot", "app", "Googlebot 2.1"),
    ),
    (
        f"Mozilla/5.0 {KIT[:-1]}; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        *("GPTBot", "app", "GPTBot 1.2"),
    ),
    ("Mozilla/5.0", "Unknown device", "unknown", ""),
    ("", "Unknown device", "unknown", ""),
    ("A" * 4000, "Unknown device", "unknown", ""),
]


def hints(
    brand: str, version: int, platform: str, platform_version: str = "", model: str = "", mobile: str = "?0"
):
    """The headers a Chromium sends, with the made-up brand among them."""
    return {
        "Sec-CH-UA": f'"Chromium";v="{version}", "{brand}";v="{version}", "Not.A/Brand";v="99"',
        "Sec-CH-UA-Mobile": mobile,
        "Sec-CH-UA-Platform": f'"{platform}"',
        "Sec-CH-UA-Platform-Version": f'"{platform_version}"',
        "Sec-CH-UA-Model": f'"{model}"',
    }


# user agent, its hints, name, kind, software
HINTED = [
    (
        f"{WINDOWS} Chrome/152.0.0.0 Safari/537.36",
        hints("Google Chrome", 152, "Windows", "15.0.0"),
        *("Chrome on Windows", "laptop", "Chrome 152 on Windows 11"),
    ),
    (
        f"{WINDOWS} Chrome/152.0.0.0 Safari/537.36",
        hints("Google Chrome", 152, "Windows", "10.0.0"),
        *("Chrome on Windows", "laptop", "Chrome 152 on Windows 10"),
    ),
    (
        f"{WINDOWS} Chrome/109.0.0.0 Safari/537.36",
        hints("Google Chrome", 109, "Windows", "0.3.0"),
        *("Chrome on Windows", "laptop", "Chrome 109 on Windows 8.1"),
    ),
    (
        f"{WINDOWS} Chrome/152.0.0.0 Safari/537.36",
        hints("Brave", 152, "Windows"),
        *("Brave on Windows", "laptop", "Brave 152 on Windows"),
    ),
    (
        f"{WINDOWS} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
        hints("Microsoft Edge", 150, "Windows", "19.0.0"),
        *("Edge on Windows", "laptop", "Edge 150 on Windows 11"),
    ),
    (
        f"{MACOS} Chrome/152.0.0.0 Safari/537.36",
        hints("Google Chrome", 152, "macOS", "26.1.0"),
        *("Chrome on macOS", "laptop", "Chrome 152 on macOS 26.1"),
    ),
    (
        f"{ANDROID} Chrome/152.0.0.0 Mobile Safari/537.36",
        hints("Google Chrome", 152, "Android", "16.0.0", "Pixel 9", "?1"),
        *("Chrome on Android", "phone", "Chrome 152 on Android 16 (Pixel 9)"),
    ),
    (
        f"{ANDROID} Chrome/152.0.0.0 Safari/537.36",
        hints("Google Chrome", 152, "Android", "16.0.0", "SM-X710"),
        *("Chrome on Android", "tablet", "Chrome 152 on Android 16 (SM-X710)"),
    ),
    (
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/151.0.0.0 Safari/537.36",
        hints("Google Chrome", 151, "Chrome OS", "16328.55.0"),
        *("Chrome on ChromeOS", "laptop", "Chrome 151 on ChromeOS"),
    ),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Ubuntu Chromium/120.0.0.0 Chrome/120.0.0.0 Safari/537.36",
        hints("Chromium", 120, "Linux", "6.8.0"),
        *("Chromium on Ubuntu", "laptop", "Chromium 120 on Ubuntu"),
    ),
    (
        "",
        hints("Google Chrome", 152, "macOS", "26.1.0"),
        "Chrome on macOS",
        "laptop",
        "Chrome 152 on macOS 26.1",
    ),
    # Hints that say nothing, or nonsense, change nothing.
    (
        f"{WINDOWS} Chrome/152.0.0.0 Safari/537.36",
        {
            "Sec-CH-UA": "\x00;;;",
            "Sec-CH-UA-Platform": '"This device"',
            "Sec-CH-UA-Platform-Version": '"9" OR 1',
        },
        *("Chrome on Windows", "laptop", "Chrome 152 on Windows"),
    ),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0",
        hints("Google Chrome", 152, "Windows", "15.0.0"),
        *("Firefox on Ubuntu", "laptop", "Firefox 149 on Ubuntu"),
    ),
]
