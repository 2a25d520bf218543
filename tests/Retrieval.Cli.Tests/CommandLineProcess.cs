using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Retrieval.Cli.Tests;

/// <summary>The real program, run as a user would.</summary>
internal static class CommandLineProcess
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    public static Task<Outcome> RunAsync(params string[] args) => RunAsync([], args);

    public static Task<Outcome> RunAsync(byte[] input, params string[] args) => RunAsync(Start(args), input);

    /// <summary>Runs it with more in its environment.</summary>
    public static Task<Outcome> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] args) => RunAsync(Start(environment, args), []);

    private static async Task<Outcome> RunAsync(Process started, byte[] input)
    {
        using var process = started;
        using var output = new MemoryStream();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            var reading = process.StandardOutput.BaseStream.CopyToAsync(output, limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await WriteAsync(process, input, limit.Token);
            await Task.WhenAll(reading, errors, process.WaitForExitAsync(limit.Token));
            return new Outcome(process.ExitCode, Encoding.UTF8.GetString(output.ToArray()), await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    public static Process Start(params string[] args) => Start(new Dictionary<string, string>(), args);

    public static Process Start(IReadOnlyDictionary<string, string> environment, string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "retrieval.dll") },
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        Array.ForEach(args, start.ArgumentList.Add);
        return Process.Start(start)!;
    }

    private static async Task WriteAsync(Process process, byte[] input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It refused its input before it had read all of it.
        }
    }
}

/// <param name="Code">Exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
internal sealed record Outcome(int Code, string Output, string Errors)
{
    /// <summary>Standard output as the one JSON document it must be.</summary>
    public JsonElement Json()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Errors}");
        return JsonDocument.Parse(Output).RootElement;
    }

    public Outcome Succeeded()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Errors}");
        return this;
    }

    /// <summary>A refusal: exit code 2, nothing on standard output, one line on standard error that holds all of <paramref name="parts"/>.</summary>
    public void Refused(params string[] parts)
    {
        Assert.Equal("", Output);
        Assert.Equal((2, 1), (Code, Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.StartsWith("retrieval: ", Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Errors, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, Errors, StringComparison.Ordinal));
    }
}
