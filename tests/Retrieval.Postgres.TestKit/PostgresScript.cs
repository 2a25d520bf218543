using System.Diagnostics;

namespace Retrieval.Postgres.TestKit;

/// <summary>Runs <c>eng/postgres.sh</c> of the repository the tests were built in.</summary>
internal static class PostgresScript
{
    private static readonly Lazy<string> path = new(Find);

    /// <summary>Runs one command; what it prints on stdout, without the last newline.</summary>
    /// <exception cref="PostgresUnavailableException">It failed; the message has what it said on stderr.</exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null, CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(path.Value) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? (await output).TrimEnd('\n')
            : throw new PostgresUnavailableException($"eng/postgres.sh {string.Join(' ', arguments)} ended with exit code {process.ExitCode}: {(await errors).Trim()} {(await output).Trim()}");
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RetrievalService.sln")))
            {
                return Path.Combine(folder.FullName, "eng", "postgres.sh");
            }
        }

        throw new PostgresUnavailableException($"no folder above {AppContext.BaseDirectory} holds RetrievalService.sln, so eng/postgres.sh was not found");
    }
}
