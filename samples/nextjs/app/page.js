import { auth } from "../auth";
import { confirmationOf } from "../confirmation";
import { begin, confirm, logOut, refresh } from "./actions";
import { ApiButton } from "./api-button";

export default async function Page({ searchParams }) {
  const { user } = (await auth()) ?? {};
  return (
    <>
      <h1>Next.js + Auth.js</h1>
      <Message {...await searchParams} refreshFailed={user?.refreshFailed} />
      {user ? <SignedIn user={user} now={await confirmationOf(user.sub)} /> : <SignedOut />}
    </>
  );
}

function SignedOut() {
  return (
    <form action={begin}>
      <button id="sign-in">ログイン / Sign in</button>
    </form>
  );
}

function SignedIn({ user, now }) {
  return (
    <>
      <p id="signed-in">
        ログインしています / Signed in:{" "}
        <strong>{user.name ?? "（氏名はわかりません / name not known）"}</strong>
      </p>
      <dl>
        <dt>20歳以上 / 20 or over</dt>
        <Age over20={user.ageOver20} />
        <dt>IDトークンの発行 / ID token issued at</dt>
        <dd id="issued-at">{user.issuedAt}</dd>
        <dt>利用者の番号 / sub</dt>
        <dd id="sub">{user.sub}</dd>
        {now !== undefined && <Now now={now} />}
      </dl>
      <form action={refresh}>
        <button id="refresh">トークンを更新 / Refresh</button>
      </form>
      <form action={confirm}>
        <button id="confirm">今、本人か確かめる / Confirm that it is you, now</button>
      </form>
      <ApiButton />
      <form action={logOut}>
        <button id="log-out">ログアウト / Log out</button>
      </form>
    </>
  );
}

/** Three cases: an age that isn't in the token isn't known, which is not "under 20". */
function Age({ over20 }) {
  if (over20 === true) return <dd id="age" data-answer="yes">はい / Yes</dd>;
  if (over20 === false) return <dd id="age" data-answer="no">いいえ / No</dd>;
  return <dd id="age" data-answer="unknown">わかりません / Not known</dd>;
}

function Now({ now }) {
  return (
    <>
      <dt>今、本人がカードで確認 / Confirmed now with the card</dt>
      <dd id="now" data-answer={now ? "yes" : "no"}>{now ? "はい / Yes" : "いいえ / No"}</dd>
    </>
  );
}

function Message({ message, error, support_id, refreshFailed }) {
  if (message === "cancelled") {
    return (
      <p id="message" data-kind="cancelled" role="status">
        キャンセルしました。 / You cancelled.
      </p>
    );
  }
  // `error` is Auth.js': a callback that was opened twice, for example, or had a wrong state.
  if (!message && !error && !refreshFailed) return null;
  // Anybody can write a URL, so what isn't a support id isn't shown.
  const supportId = /^[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(support_id) && support_id;
  return (
    <p id="message" data-kind="failed" role="alert">
      うまくいきませんでした。もう一度お試しください。 / That failed. Please try again.
      {supportId && <> サポート番号 / Support id: {supportId}</>}
    </p>
  );
}
