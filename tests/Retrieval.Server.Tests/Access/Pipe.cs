using System.Diagnostics;

namespace Retrieval.Server.Tests.Access;

/// <summary>A named pipe, into which nobody writes.</summary>
internal static class Pipe
{
    public static void Make(string path)
    {
        using var made = Process.Start("mkfifo", [path]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }
}
