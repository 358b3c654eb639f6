// Command bootstrap is the one executable of all Lambda functions. The
// function's Handler setting says which of them it is.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/shared/cloud"
)

func main() {
	handler, err := functions.New(os.Getenv("_HANDLER"), functions.Env{
		Getenv: os.Getenv,
		ReadFile: func(name string) ([]byte, error) {
			return os.ReadFile(filepath.Join(os.Getenv("LAMBDA_TASK_ROOT"), name))
		},
		AWS: func(b cloud.Budget) (aws.Config, error) { return cloud.Load(context.Background(), b) },
		Out: os.Stdout,
		Now: time.Now,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
