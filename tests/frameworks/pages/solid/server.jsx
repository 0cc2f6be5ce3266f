import { renderToString } from "solid-js/web";
import { App } from "./App.jsx";

export const render = async (props) => renderToString(() => <App {...props} />);
