// A WebKitGTK browser for WebKitWebDriver: windows without a frame, so that one can be as narrow as a phone, tabs of
// which only one is visible, and all that pages log on stderr. Runs in gjs. Its argument: a directory for what pages
// store. WebKitGTK's own MiniBrowser has no narrow window, and logs nothing while it is driven.
import Gtk from "gi://Gtk?version=3.0";
import WebKit from "gi://WebKit2?version=4.1";

const version = [WebKit.MAJOR_VERSION, WebKit.MINOR_VERSION, WebKit.MICRO_VERSION];

const [directory] = ARGV;
if (directory === "--version") print(`WebKitGTK ${version.join(".")}`);
else browse(directory);

function browse(directory) {
  Gtk.init(null);
  const context = new WebKit.WebContext({
    website_data_manager: new WebKit.WebsiteDataManager({
      base_data_directory: `${directory}/data`,
      base_cache_directory: `${directory}/cache`,
    }),
  });
  context.set_automation_allowed(true);
  const settings = new WebKit.Settings({
    enable_developer_extras: true,
    enable_write_console_messages_to_stdout: true,
    javascript_can_open_windows_automatically: true,
  });
  let latest;

  context.connect("automation-started", (_, session) => {
    const info = WebKit.ApplicationInfo.new();
    info.set_name("webkit");
    info.set_version(...version);
    session.set_application_info(info);
    session.connect("create-web-view::window", () => open(newView(), newWindow()));
    session.connect("create-web-view::tab", () => open(newView(), latest ?? newWindow()));
  });

  function newView(properties) {
    const view = new WebKit.WebView({
      is_controlled_by_automation: true,
      web_context: context,
      settings,
      ...properties,
    });
    view.connect("create", () => open(newView({ related_view: view }), newWindow()));
    view.connect("close", () => view.destroy());
    return view;
  }

  function newWindow() {
    const window = new Gtk.Window({ default_width: 1024, default_height: 768 });
    const tabs = new Gtk.Notebook({ show_tabs: false, show_border: false });
    tabs.connect("page-removed", () => tabs.get_n_pages() === 0 && window.destroy());
    window.connect("destroy", () => window === latest && (latest = undefined));
    window.add(tabs);
    return window;
  }

  function open(view, window) {
    latest = window;
    const tabs = window.get_child();
    view.show();
    tabs.set_current_page(tabs.append_page(view, null));
    window.show_all();
    view.grab_focus();
    // Without a window manager nobody else gives it the focus.
    window.present();
    return view;
  }

  Gtk.main();
}
