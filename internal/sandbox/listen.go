package sandbox

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Listener is a sandbox at work. URL is its root, without a slash at the end.
type Listener struct {
	URL    string
	server *http.Server
	done   chan error
}

// Listen serves the sandbox on addr, such as "127.0.0.1:0", until Close. An address that is not
// loopback is refused: a sandbox takes any token and writes what it is sent.
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
	l := &Listener{URL: "http://" + ln.Addr().String(), done: make(chan error, 1)}
	l.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { l.done <- l.server.Serve(ln) }()
	return l, nil
}

// Close stops serving at once, breaking what is in progress, and waits until no more is accepted.
// Call it once.
func (l *Listener) Close() error {
	err := l.server.Close()
	if serveErr := <-l.done; serveErr != http.ErrServerClosed && err == nil {
		err = serveErr
	}
	return err
}
