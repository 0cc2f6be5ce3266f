import start from "./chat_app.js";

await start();
