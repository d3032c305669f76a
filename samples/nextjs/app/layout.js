import "./style.css";

export const metadata = { title: "マイナンバーカードでログイン / My Number Card login" };

export default function Layout({ children }) {
  return (
    <html lang="ja">
      <body>
        <main>{children}</main>
      </body>
    </html>
  );
}
