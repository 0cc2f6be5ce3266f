// What a subject is to a page: `open(url, receive)` resolves with an open connection, `{ send(data), waiting(), close() }`,
// where `waiting()` is how many bytes the network has not taken yet. `receive(data)` is called once a message: a string,
// or bytes in a form of the subject's own.

/** Of those that are like a WebSocket. */
export const like = (make) => (url, receive) =>
  new Promise((resolve, reject) => {
    const socket = make(url);
    socket.onmessage = ({ data }) => receive(data);
    socket.onerror = () => reject(new Error(`${url} did not open`));
    socket.onopen = () =>
      resolve({
        send: (data) => socket.send(data),
        waiting: () => socket.bufferedAmount,
        close: () => socket.close(),
        socket,
      });
  });
