import { render as renderComponent } from "svelte/server";
import App from "./App.svelte";

export const render = async (props) => renderComponent(App, { props }).body;
