package notify

import (
	"context"
	"sync"
	"time"

	"taskrecon/internal/job"
)

// Notifier sends what others are to know of a run. The zero value sends nothing.
type Notifier struct {
	Metrics string                            // file; "" is none
	Post    *Address                          // gets the summary; nil is none
	Ping    *Address                          // gets pings; nil is none
	Teams   bool                              // the summary goes out as a card
	On      string                            // when the summary is posted: "always", "changes", "failure"
	File    string                            // the input's name, for cards
	Version string                            // of the program, for the metrics
	Sender  *Sender                           // must not be nil where Post or Ping is set
	Sent    func(run string, message Message) // is called for each message; must not be nil where there are any. May be called concurrently
}

// Message is a message that went out, or one that failed.
type Message struct {
	What string // "ping"
	Host string // where it went; "" for a file
	Path string // of the file
	Err  error  // nil if it got through
}

// Start sends that a run begins. It takes 5 s at most.
func (n *Notifier) Start(ctx context.Context) {
	if n.Ping != nil {
		n.Sent("", Message{What: "start ping", Host: n.Ping.Host(), Err: n.Sender.PingStart(ctx, *n.Ping)})
	}
}

// Finish sends how a run ended, after an interrupt, too. It takes half a minute at most.
func (n *Notifier) Finish(ctx context.Context, s *job.Summary) {
	ctx = context.WithoutCancel(ctx)
	if n.Metrics != "" {
		if err := WriteMetrics(n.Metrics, n.Version, s, time.Now()); err != nil {
			n.Sent(s.Run, Message{What: "metrics", Path: n.Metrics, Err: err})
		}
	}
	var both sync.WaitGroup
	if n.Post != nil && (n.On != "changes" && n.On != "failure" || !Good(s.ExitCode) || n.On == "changes" && s.Changes > 0) {
		both.Go(func() { n.Sent(s.Run, Message{What: "notification", Host: n.Post.Host(), Err: n.post(ctx, s)}) })
	}
	if n.Ping != nil {
		both.Go(func() {
			n.Sent(s.Run, Message{What: "ping", Host: n.Ping.Host(), Err: n.Sender.PingEnd(ctx, *n.Ping, s)})
		})
	}
	both.Wait()
}

func (n *Notifier) post(ctx context.Context, s *job.Summary) error {
	body, err := JSON(s)
	if n.Teams {
		body, err = Card(s, n.File)
	}
	if err != nil {
		return err
	}
	return n.Sender.Post(ctx, *n.Post, "application/json", body)
}
