package sandbox

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
)

// memory is a net.Listener without a socket, which works in a bubble.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

func (m *memory) Addr() net.Addr { return &net.TCPAddr{} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case m.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve serves a sandbox in memory, until closeIt is called or the test ends.
func serve(t *testing.T, o Options) (s *Server, client *http.Transport, closeIt func()) {
	t.Helper()
	s, err := New(three(), o)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	client = &http.Transport{DialContext: m.dial}
	server := &http.Server{Handler: s}
	done := make(chan error, 1)
	go func() { done <- server.Serve(m) }()
	closeIt = sync.OnceFunc(func() {
		client.CloseIdleConnections()
		if err := errors.Join(server.Close(), <-done); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(closeIt)
	return s, client, closeIt
}
