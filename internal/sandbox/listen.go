package sandbox

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Listener is a sandbox at work. URL is its root, without a slash at the end.
type Listener struct {
	URL    string
	server *http.Server
	done   chan error
	memory *memory // nil of a socket
}

// Listen serves the sandbox on addr, such as "127.0.0.1:0", until Close. An address that is not
// loopback is refused: a sandbox takes any token and writes as it is told.
func (s *Server) Listen(addr string) (*Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("sandbox address %q is not loopback; use 127.0.0.1, [::1] or localhost", addr)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if tcp, ok := ln.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		_ = ln.Close() // nothing was served on it
		return nil, fmt.Errorf("sandbox address %q resolves to %s, which is not loopback", addr, ln.Addr())
	}
	return s.serve(ln, "http://"+ln.Addr().String()), nil
}

func (s *Server) serve(ln net.Listener, url string) *Listener {
	l := &Listener{URL: url, done: make(chan error, 1)}
	l.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { l.done <- l.server.Serve(ln) }()
	return l
}

// InMemory serves the sandbox without a socket until Close: what Dial connects is answered. Inside of a testing/synctest bubble all of
// it runs in virtual time, if InMemory, Dial and Close are called in the bubble.
func (s *Server) InMemory() *Listener {
	m := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	l := s.serve(m, "http://127.0.0.1:1")
	l.memory = m
	return l
}

// Dial connects to a sandbox in memory, whatever the address: it is the DialContext of an http.Transport. After Close the connection is
// refused, as by a port on which nothing listens.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.memory.conns <- far:
		return near, nil
	case <-l.memory.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// memory is a net.Listener without a socket.
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

func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// Close stops serving at once, breaking what is in progress, and waits until no more is accepted.
// Call it once.
func (l *Listener) Close() error {
	err := l.server.Close()
	if serveErr := <-l.done; serveErr != http.ErrServerClosed && err == nil {
		err = serveErr
	}
	return err
}
