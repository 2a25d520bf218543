using Microsoft.Extensions.Logging;
using Retrieval.Server.Background;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Access;

public sealed class FollowedFileTests
{
    [Fact]
    public async Task A_fault_that_nobody_foresaw_is_told_once_and_the_file_is_followed_on()
    {
        using var log = new CapturedLog();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(log));
        using var file = new Breaking(new Logger<Breaking>(factory));
        file.Load();
        await file.StartedAsync(TestContext.Current.CancellationToken);

        file.Content = [2];
        await Eventually.TrueAsync(() => file.Attempts >= 2, "it was read twice");
        Assert.True(file.Fault);
        var told = Assert.Single(log.Of(1501));
        Assert.Contains("what was in force before stays so: nobody foresaw it", told.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(told.Exception);

        file.Content = [3];
        await Eventually.TrueAsync(() => !file.Fault, "the next content is taken");
        Assert.Equal([3], file.Taken);
        await file.StopAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Cannot take the content 2.</summary>
    private sealed class Breaking(ILogger logger) : FollowedFile("Key", "The file", TimeProvider.System, logger)
    {
        private int _attempts;

        public volatile byte[] Content = [1];

        public volatile byte[] Taken = [];

        public int Attempts => Volatile.Read(ref _attempts);

        protected override byte[] Read() => Content;

        protected override void Take(byte[] content)
        {
            if (content is [2])
            {
                Interlocked.Increment(ref _attempts);
                throw new InvalidOperationException("nobody foresaw it");
            }

            Taken = content;
        }
    }
}
