package cli

import (
	"cmp"
	"errors"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/graph"
	"taskrecon/internal/job"
	"taskrecon/internal/sandbox"
)

// service is the Graph that a command talks to.
type service struct {
	client *graph.Client
	cloud  string
	url    string
	login  string // who issues the tokens; "" where nobody is asked
	close  func()
}

// connect finds the service that the flags name and the credential for it. Without write nothing but
// reading requests can leave.
func (p *program) connect(c *cli.Context, write bool) (*service, error) {
	cloud, err := graph.FindCloud(c.String("cloud"))
	if err != nil {
		return nil, usage("--cloud: %s", err.Error())
	}
	s := &service{cloud: cloud.Name, url: cloud.Graph, close: func() {}}
	switch {
	case c.String("sandbox") != "" && c.String("graph-url") != "":
		return nil, usage("--sandbox and --graph-url exclude each other")
	case c.String("graph-url") != "":
		s.cloud, s.url = "custom", c.String("graph-url")
	}
	root, err := graph.ParseRoot(s.url)
	if err != nil {
		return nil, usage("--graph-url: %s", err.Error())
	}
	credential, release, err := p.credential(c, cloud, root)
	if err != nil {
		return nil, err
	}
	if _, asks := credential.(*graph.Session); asks && p.asksIssuer(c) {
		s.login = cmp.Or(p.env["AZURE_AUTHORITY_HOST"], cloud.Login)
	}
	if c.String("sandbox") != "" {
		if err := s.startSandbox(c); err != nil {
			release()
			return nil, err
		}
		if root, err = graph.ParseRoot(s.url); err != nil {
			s.close()
			return nil, err
		}
	}
	config := graph.Config{Root: root, Credential: credential, UserAgent: "taskrecon/" + version(), CallTimeout: c.Duration("call-timeout")}
	config.Transport = graph.NewTransport()
	record, finish, err := p.recording(c)
	if err != nil {
		release()
		s.close()
		return nil, err
	}
	if record != nil {
		config.Transport = record
	}
	if !write {
		config.Transport = graph.ReadOnly(config.Transport)
	}
	s.client = graph.New(config)
	stop := s.close
	s.close = func() {
		s.client.Close()
		finish()
		release()
		stop()
	}
	return s, nil
}

// asksIssuer reports whether tokens come from the cloud's issuer, not from a file, a command, or the machine that this runs on.
func (p *program) asksIssuer(c *cli.Context) bool {
	kind, err := p.signInKind(c)
	return err == nil && kind != graph.SignInToken && kind != graph.SignInManagedIdentity
}

// startSandbox serves the tasks that --sandbox names on a loopback port.
func (s *service) startSandbox(c *cli.Context) error {
	server, err := newSandbox(c.String("sandbox"), c.String("sandbox-limits"), c.String("sandbox-faults"), sandbox.Traffic{})
	if err != nil {
		return err
	}
	l, err := server.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	s.cloud, s.url, s.close = "sandbox", l.URL, func() { l.Close() }
	return nil
}

// newSandbox makes a sandbox of a tenant file's tasks, or of n generated ones.
func newSandbox(source, limits, faults string, others sandbox.Traffic) (*sandbox.Server, error) {
	o := sandbox.Options{Others: others}
	switch limits {
	case "published":
	case "off":
		o.WriteLimit, o.ReadLimit = -1, -1
	default:
		return nil, usage("--sandbox-limits %q is neither published nor off", limits)
	}
	var err error
	if o.Faults, err = sandbox.ParseFaults(faults); err != nil {
		return nil, usage("--sandbox-faults: %s", err.Error())
	}
	if n, err := strconv.Atoi(source); err == nil {
		if n < 1 || n > 2_000_000 {
			return nil, usage("a sandbox of %d tasks is not between 1 and 2000000", n)
		}
		return sandbox.New(sandbox.Generate(n, 1), o)
	}
	f, err := os.Open(source)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usage("--sandbox %q is neither a file nor a number of tasks", source)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tasks, err := sandbox.Load(f)
	if err != nil {
		return nil, job.Fail(job.ExitFailed, "", "the sandbox's tenant %s: %w", source, err)
	}
	return sandbox.New(tasks, o)
}
