"use client";

import { useEffect, useState } from "react";
import { prove } from "../prove.js";

export function Proved() {
  const [text, setText] = useState("");
  useEffect(() => {
    prove(new URLSearchParams(location.search).get("peer"), setText);
  }, []);
  return <p id="proved">{text}</p>;
}
