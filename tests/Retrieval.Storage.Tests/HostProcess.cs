using System.Diagnostics;

namespace Retrieval.Storage.Tests;

/// <summary>The crash host as a process of its own.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly Process _process;

    private HostProcess(ProcessStartInfo start) => _process = Process.Start(start)!;

    public int ExitCode => _process.ExitCode;

    public bool HasExited => _process.HasExited;

    public static HostProcess Start(params string[] arguments) => new(Info("dotnet", ["exec", Dll, .. arguments]));

    /// <summary>Starts it under a limit on the size of any file it writes, which to the writer is a full disk.</summary>
    public static HostProcess StartWithFileLimit(int kibibytes, params string[] arguments) =>
        new(Info("bash", ["-c", $"trap '' XFSZ; ulimit -f {kibibytes}; exec dotnet exec \"$@\"", "bash", Dll, .. arguments]));

    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();

    public async Task<string> ReadToEndAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await _process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output + error;
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

    private static string Dll => Path.Combine(AppContext.BaseDirectory, "Retrieval.Storage.CrashHost.dll");

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
