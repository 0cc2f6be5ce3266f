export const metadata = { title: "Everwire in a Next.js application" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
