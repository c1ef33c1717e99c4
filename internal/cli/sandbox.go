package cli

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/batch"
	"taskrecon/internal/sandbox"
)

func (p *program) sandboxCommand() *cli.Command {
	return &cli.Command{
		Name: "sandbox", Usage: "serve a stand-in for the Intune part of Graph on loopback", UsageText: "taskrecon sandbox [FLAGS] FILE|N",
		Description: "Serves the tasks of a JSON file, or N generated ones, until it is interrupted. Changes stay in memory.\n\n" +
			"Example:\n  taskrecon sandbox --listen 127.0.0.1:8080 samples/tenant.json",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:0", Usage: "loopback `ADDRESS`; port 0 picks a free one"},
			&cli.StringFlag{Name: "limits", Value: "published", Usage: "request limits: `published|off`"},
			&cli.StringFlag{Name: "faults", Usage: "misbehave as the `LIST` says"},
			&cli.Uint64Flag{Name: "seed", Usage: "draw what is left to chance by the seed `N`: the same one draws the same"},
			&cli.StringFlag{Name: "other-writes", Value: "off", Usage: "`RATE` at which other applications write and eat the limits, such as 60/20s, or off"},
			&cli.DurationFlag{Name: "other-for", Usage: "the other applications stop after `TIME` (default: never)"},
		},
		Action: p.serve,
	}
}

func (p *program) serve(c *cli.Context) error {
	source, err := oneFile(c, "a JSON file of tasks, or a number of tasks to generate")
	if err != nil {
		return err
	}
	others, err := trafficOf(c.String("other-writes"), c.Duration("other-for"))
	if err != nil {
		return err
	}
	options := sandbox.Options{Others: others, Seed: c.Uint64("seed")}
	server, err := newSandbox("", source, c.String("limits"), c.String("faults"), options)
	if err != nil {
		return err
	}
	l, err := server.Listen(c.String("listen"))
	if err != nil {
		return usage("--listen: %s", err.Error())
	}
	fmt.Fprintf(p.stdout, "%s\n", l.URL)
	fmt.Fprintf(p.stderr, "taskrecon: the sandbox takes any token: TASKRECON_ACCESS_TOKEN=sandbox taskrecon plan --graph-url %s FILE\n", l.URL)
	<-c.Context.Done()
	return l.Close()
}

func trafficOf(rate string, lasting time.Duration) (sandbox.Traffic, error) {
	r, err := batch.ParseRate(rate)
	if err != nil {
		return sandbox.Traffic{}, usage("--other-writes: %s", err.Error())
	}
	if lasting < 0 {
		return sandbox.Traffic{}, usage("--other-for takes nothing below 0")
	}
	return sandbox.Traffic{N: r.N, Per: r.Per, For: lasting}, nil
}
