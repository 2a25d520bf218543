using System.Diagnostics;

namespace Retrieval.TestKit;

/// <summary>A program of the tests as a process of its own, to be read from, frozen and killed.</summary>
public sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(ProcessStartInfo start) => _process = Process.Start(start)!;

    /// <summary>What it ended with.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program that lies beside the tests.</summary>
    /// <param name="program">File name of its assembly.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ChildProcess Start(string program, params string[] arguments) => new(Info("dotnet", ["exec", PathOf(program), .. arguments]));

    /// <summary>Starts it under a limit on the size of any file it writes, which to the writer is a full disk.</summary>
    /// <param name="kibibytes">The limit.</param>
    /// <param name="program">File name of its assembly.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ChildProcess StartWithFileLimit(int kibibytes, string program, params string[] arguments) =>
        new(Info("bash", ["-c", $"trap '' XFSZ; ulimit -f {kibibytes}; exec dotnet exec \"$@\"", "bash", PathOf(program), .. arguments]));

    /// <summary>Waits for the next line of its output; null when it has ended.</summary>
    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();

    /// <summary>Waits for its end.</summary>
    /// <returns>The rest of its output, and then all it has written to standard error.</returns>
    public async Task<string> ReadToEndAsync()
    {
        var output = _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await _process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return await output + error;
    }

    /// <summary>SIGKILL: nothing of the process runs after it.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>SIGSTOP: it stays where it is, its connections with it.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>Kills it if it still runs.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, kill.ExitCode);
    }

    private static string PathOf(string program) => Path.Combine(AppContext.BaseDirectory, program);

    private static ProcessStartInfo Info(string file, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        // Start-up time is not what is tested, and a diagnostics socket left by a killed process only fills /tmp.
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        // Under a limit on file size the runtime could not create the memory file it keeps its code in.
        info.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return info;
    }
}
