using System.Diagnostics;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>Waits for what another thread or process brings about.</summary>
internal static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"waited in vain: {what}");
            await Task.Delay(20);
        }
    }
}
