using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;

namespace Retrieval.Server.Health;

/// <summary>
/// Ends a process that cannot compute any more, so that whoever watches over it (an orchestrator, systemd, a container engine's
/// restart policy) starts another. Not all of them ask for liveness.
/// </summary>
internal static partial class LostProcess
{
    // Long enough for a probe to see that liveness is red, and why.
    private static readonly TimeSpan Shown = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(10);

    /// <summary>Lets requests that need no device end, and then ends the process.</summary>
    /// <param name="app">The server.</param>
    /// <param name="stopped">Ends when the server has stopped.</param>
    /// <param name="exitCode">The process's exit code.</param>
    public static async Task EndAsync(WebApplication app, Task stopped, int exitCode)
    {
        await Task.WhenAny(stopped, Task.Delay(Shown)).ConfigureAwait(false);
        app.Lifetime.StopApplication();
        await Task.WhenAny(stopped, Task.Delay(LongestStop)).ConfigureAwait(false);

        // At once: a driver whose context is lost, or a graph that runs for ever, need not let go of a process that tidies up first.
        if (OperatingSystem.IsWindows())
        {
            Environment.Exit(exitCode);
        }

        EndNow(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void EndNow(int exitCode);
}
