package function

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/relais-dev/relais/shared/cloud"
)

// Start is the main of an executable: it makes the function that Lambda's
// Handler setting names, and serves it.
func Start(make func(name string, e Env) (Handler, error)) {
	handler, err := make(os.Getenv("_HANDLER"), Env{
		Getenv: os.Getenv,
		ReadFile: func(name string) ([]byte, error) {
			return os.ReadFile(filepath.Join(os.Getenv("LAMBDA_TASK_ROOT"), name))
		},
		AWS: func(b cloud.Budget) (aws.Config, error) { return cloud.Load(os.Getenv, b) },
		Out: os.Stdout,
		Now: time.Now,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
