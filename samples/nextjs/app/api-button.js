"use client";
import { useActionState } from "react";
import { callApi } from "./actions";

export function ApiButton() {
  const [answer, action, pending] = useActionState(callApi, "");
  return (
    <form action={action}>
      <button id="call-api" disabled={pending}>API を呼ぶ / Call the API</button>
      <output id="api-answer">{answer}</output>
    </form>
  );
}
