using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Retrieval.Cli.Commands;
using Retrieval.Cli.Output;

namespace Retrieval.Cli;

/// <summary>Runs one command: parses the arguments, handles Ctrl-C, and maps every outcome to an exit code.</summary>
internal static class CommandLine
{
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Show where an unexpected error came from", Recursive = true };

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        root.Options.Add(Verbose);
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        }

        var parsed = root.Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            return Failures.Usage(parsed.CommandResult.Command, parsed.Errors);
        }

        using var stop = new StopSignal();
        try
        {
            // Custom signal handling and errors: the library's would print a stack trace and give up after two seconds.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, stop.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The last place that can say anything at all: every error becomes a line and a code.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Failures.Report(exception, parsed.GetValue(Verbose), stop.Token);
        }
    }
}
