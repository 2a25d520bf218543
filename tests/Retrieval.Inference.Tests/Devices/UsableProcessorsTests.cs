using System.Globalization;
using Retrieval.Inference.Devices;

namespace Retrieval.Inference.Tests.Devices;

public sealed class UsableProcessorsTests
{
    [Theory]
    [InlineData("0-7", 4)]
    [InlineData("0,4", 1)]
    [InlineData("0-1,6", 3)]
    [InlineData("7", 1)]
    public void A_core_of_two_processors_counts_once_and_only_if_one_of_them_may_be_used(string allowed, int cores)
    {
        using var folder = new TemporaryFolder();
        for (var i = 0; i < 8; i++)
        {
            var topology = Directory.CreateDirectory(Path.Combine(folder.Path, $"cpu{i}", "topology")).FullName;
            File.WriteAllText(Path.Combine(topology, "thread_siblings_list"), string.Create(CultureInfo.InvariantCulture, $"{i % 4},{(i % 4) + 4}\n"));
        }

        File.WriteAllText(folder["status"], $"Name:\tretrieval\nCpus_allowed:\tff\nCpus_allowed_list:\t{allowed}\n");
        Assert.Equal(cores, UsableProcessors.CountCores(folder["status"], folder.Path));
    }

    [Theory]
    [InlineData("Name:\tretrieval\n")]
    [InlineData("Cpus_allowed_list:\t0-99999999999\n")]
    [InlineData("Cpus_allowed_list:\tall\n")]
    [InlineData("Cpus_allowed_list:\t0-3\n")]
    public void Files_that_do_not_say_it_count_nothing(string status)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["status"], status);
        Assert.Null(UsableProcessors.CountCores(folder["status"], folder.Path));
        Assert.Null(UsableProcessors.CountCores(folder["nowhere"], folder.Path));
    }

    [Fact]
    public void This_process_has_at_least_one_and_no_more_than_the_runtime_says() =>
        Assert.InRange(UsableProcessors.Threads(0), 1, Environment.ProcessorCount);
}
