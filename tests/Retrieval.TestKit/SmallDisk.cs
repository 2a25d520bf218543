using System.ComponentModel;
using System.Diagnostics;

namespace Retrieval.TestKit;

/// <summary>A file system of a few bytes, to be filled.</summary>
public static class SmallDisk
{
    /// <summary>Mounts one at a folder for as long as a test runs. Where nobody may mount, the running test is skipped.</summary>
    /// <param name="folder">The folder, which is there.</param>
    /// <param name="size">Its size as <c>mount</c> takes it, e.g. <c>64k</c>.</param>
    /// <param name="test">What runs meanwhile.</param>
    public static async Task RunAsync(string folder, string size, Func<Task> test)
    {
        ArgumentNullException.ThrowIfNull(test);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder), "a file system can be mounted only by root");
        try
        {
            await test();
        }
        finally
        {
            Assert.True(await RunAsync("umount", folder));
        }
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
