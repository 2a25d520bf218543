using System.Globalization;

namespace Retrieval.Features.Tests.Fuzzing;

/// <summary>Some thousand cases of <see cref="ReaderFuzz"/>; <c>eng/fuzz-readers.sh</c> runs as many as it is told to.</summary>
public sealed class ReaderFuzzTests
{
    private const long Few = 4000;

    [Fact]
    public void No_reader_breaks_its_promise_on_a_damaged_file()
    {
        var (first, count, seed) = (Asked("FIRST") ?? 0, Asked("COUNT") ?? Few, (int)(Asked("SEED") ?? 1));
        using var folder = new TemporaryFolder();
        var fuzz = new ReaderFuzz(folder.Path, seed);

        for (var number = first; number < first + count; number++)
        {
            fuzz.Run(number);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} cases from {first} on, seed {seed}; at most {fuzz.Most >> 20} MiB asked for in one, {Environment.WorkingSet >> 20} MiB held in the end"));
        foreach (var (form, (refused, rejects, images)) in fuzz.Counts)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{form}: {refused} refused files, {rejects} rejects, {images} images"));
            Assert.True(first > 0 || count < Few || (refused + rejects > 0 && images > 0), $"{form}: {refused} refused files, {rejects} rejects and {images} images, expected some of both kinds");
        }
    }

    private static long? Asked(string what) => Environment.GetEnvironmentVariable($"RETRIEVAL_FUZZ_{what}") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
}
