namespace Retrieval.Storage.Tests;

/// <summary>The crash host as a process of its own.</summary>
internal static class HostProcess
{
    private const string Program = "Retrieval.Storage.CrashHost.dll";

    public static ChildProcess Start(params string[] arguments) => ChildProcess.Start(Program, arguments);

    /// <summary>Starts it under a limit on the size of any file it writes, which to the writer is a full disk.</summary>
    public static ChildProcess StartWithFileLimit(int kibibytes, params string[] arguments) => ChildProcess.StartWithFileLimit(kibibytes, Program, arguments);
}
