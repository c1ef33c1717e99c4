package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/graph"
	"taskrecon/internal/sandbox"
	"taskrecon/internal/text"
)

// service is the Graph that a command talks to.
type service struct {
	client *graph.Client
	cloud  string
	url    string
	login  string   // who issues the tokens; "" where none is asked
	ends   []func() // of what was begun, in that order
	notice func(string)
}

// close ends what was begun, the last first.
func (s *service) close() {
	for _, end := range slices.Backward(s.ends) {
		end()
	}
}

// connect finds the service that the flags name and the credential for it. Without write nothing but
// reading requests can leave. The caller closes it.
func (p *program) connect(c *cli.Context, write bool) (*service, error) {
	s := &service{notice: func(words string) {
		if !c.Bool("quiet") {
			fmt.Fprintf(p.stderr, "taskrecon: %s\n", text.Line(words))
		}
	}}
	if err := p.reach(c, s, write); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (p *program) reach(c *cli.Context, s *service, write bool) error {
	cloud, err := graph.FindCloud(c.String("cloud"))
	if err != nil {
		return usage("--cloud: %s", err.Error())
	}
	s.cloud, s.url = cloud.Name, cloud.Graph
	switch {
	case c.String("sandbox") != "" && c.String("graph-url") != "":
		return usage("--sandbox and --graph-url exclude each other")
	case c.String("sandbox") == "" && c.String("sandbox-faults") != "":
		return usage("--sandbox-faults has no sandbox to act in; name one with --sandbox")
	case c.String("sandbox") == "" && c.String("sandbox-state") != "":
		return usage("--sandbox-state has no sandbox to keep; name one with --sandbox")
	case c.String("graph-url") != "":
		s.cloud, s.url = "custom", c.String("graph-url")
	}
	root, err := graph.ParseRoot(s.url)
	if err != nil {
		return usage("--graph-url: %s", err.Error())
	}
	if known, ok := graph.CloudAt(root); ok {
		s.cloud, s.url = known.Name, known.Graph
	}
	config := graph.Config{UserAgent: "taskrecon/" + version(), CallTimeout: c.Duration("call-timeout"), Transport: graph.NewTransport()}
	if config.Credential, err = p.credential(c, cloud, root); err != nil {
		return err
	}
	if session, ok := config.Credential.(*graph.Session); ok {
		s.login, s.ends = session.Issuer(), append(s.ends, session.Close)
	}
	if c.String("sandbox") != "" {
		if err := s.startSandbox(c); err != nil {
			return err
		}
		if root, err = graph.ParseRoot(s.url); err != nil {
			return err
		}
	}
	config.Root = root
	if err := p.record(c, s, &config); err != nil {
		return err
	}
	if !write {
		config.Transport = graph.ReadOnly(config.Transport)
	}
	s.client = graph.New(config)
	s.ends = append(s.ends, s.client.Close)
	return nil
}

// record makes the recording of --debug-http, if that is asked for, a part of the client to be.
func (p *program) record(c *cli.Context, s *service, config *graph.Config) error {
	path := c.String("debug-http")
	if path == "" {
		return nil
	}
	f, err := graph.CreateRecording(path, c.Bool("overwrite"))
	if err != nil {
		return usage("--debug-http: %s", err.Error())
	}
	r := graph.NewRecording(f)
	config.Recording = r
	s.ends = append(s.ends, func() {
		if err := errors.Join(r.Err(), f.Close()); err != nil {
			fmt.Fprintf(p.stderr, "taskrecon: --debug-http: the recording %s is not whole: %s\n", text.Line(path), text.Line(err.Error()))
		}
	})
	return nil
}

// startSandbox serves the tasks that --sandbox names on a loopback port.
func (s *service) startSandbox(c *cli.Context) error {
	source, state := c.String("sandbox"), c.String("sandbox-state")
	if _, err := os.Stat(state); err == nil {
		source = state
	}
	server, err := newSandbox("sandbox-", source, c.String("sandbox-limits"), c.String("sandbox-faults"), sandbox.Options{})
	if err != nil {
		return err
	}
	l, err := server.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	s.cloud, s.url, s.ends = "sandbox", l.URL, append(s.ends, func() {
		l.Close()
		s.keep(server, state)
	})
	return nil
}

// keep writes the tasks of a sandbox that took changes into the file of its state, or says that they are gone.
func (s *service) keep(server *sandbox.Server, state string) {
	if len(server.Stats().Applied) == 0 {
		return
	}
	if state == "" {
		s.notice("the sandbox's changes end with this command; keep them with --sandbox-state FILE")
		return
	}
	if err := server.Save(state); err != nil {
		s.notice(fmt.Sprintf("the sandbox's changes are lost: %s", err))
	}
}

// newSandbox makes a sandbox of a file's tasks, or of n generated ones. Limits and faults are the values of the flags --PREFIXlimits and
// --PREFIXfaults.
func newSandbox(prefix, source, limits, faults string, o sandbox.Options) (*sandbox.Server, error) {
	if limits == "off" {
		o.WriteLimit, o.ReadLimit = -1, -1
	}
	var err error
	if o.Faults, err = sandbox.ParseFaults(faults); err != nil {
		return nil, usage("--%sfaults: %s", prefix, err.Error())
	}
	return sandbox.Open(source, o)
}
