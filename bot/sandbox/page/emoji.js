// The emoji shortcodes that operations messages use.
export const EMOJI = {
  alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️", bar_chart: "📊", bell: "🔔", no_bell: "🔕",
  black_circle: "⚫", large_blue_circle: "🔵", large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠",
  red_circle: "🔴", white_circle: "⚪", bulb: "💡", calendar: "📅", date: "📅", chart_with_downwards_trend: "📉",
  chart_with_upwards_trend: "📈", clock1: "🕐", clock9: "🕘", hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️",
  cloud: "☁️", computer: "💻", construction: "🚧", dollar: "💵", euro: "💶", moneybag: "💰", money_with_wings: "💸",
  double_vertical_bar: "⏸️", exclamation: "❗", question: "❓", eyes: "👀", fire: "🔥", gear: "⚙️", wrench: "🔧", hammer_and_wrench: "🛠️",
  heavy_check_mark: "✔️", white_check_mark: "✅", ballot_box_with_check: "☑️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫",
  octagonal_sign: "🛑", information_source: "ℹ️", warning: "⚠️", key: "🔑", lock: "🔒", unlock: "🔓", mag: "🔍", memo: "📝",
  package: "📦", pushpin: "📌", raised_hand: "✋", wave: "👋", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", clap: "👏",
  pray: "🙏", muscle: "💪", repeat: "🔁", arrows_counterclockwise: "🔄", recycle: "♻️", robot_face: "🤖", rocket: "🚀", rotating_light: "🚨",
  satellite: "🛰️", seedling: "🌱", sleeping: "😴", zzz: "💤", smile: "😄", slightly_smiling_face: "🙂", sob: "😭", tada: "🎉",
  snowflake: "❄️", sparkles: "✨", speech_balloon: "💬", star: "⭐", sunny: "☀️", crescent_moon: "🌙", thermometer: "🌡️", ticket: "🎫",
  trophy: "🏆", zap: "⚡", house: "🏠", office: "🏢", bust_in_silhouette: "👤", busts_in_silhouette: "👥", link: "🔗", electric_plug: "🔌",
  floppy_disk: "💾", desktop_computer: "🖥️", handshake: "🤝", heavy_minus_sign: "➖", heavy_plus_sign: "➕", parking: "🅿️",
};
