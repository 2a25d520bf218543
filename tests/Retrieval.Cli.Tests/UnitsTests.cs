using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Tests;

public sealed class UnitsTests
{
    [Theory]
    [InlineData(0.9955088, "0.9955")]
    [InlineData(-12.5, "-12.5000")]
    [InlineData(0.001, "0.0010")]
    [InlineData(0.00000307123, "3.07e-6")]
    [InlineData(-0.0004, "-4.00e-4")]
    [InlineData(0, "0.0000")]
    public void A_score_shows_digits_that_count_however_small_it_is(double score, string shown) => Assert.Equal(shown, Units.Score(score));

    [Theory]
    [InlineData(0, "0 images")]
    [InlineData(1, "1 image")]
    [InlineData(31_014, "31,014 images")]
    public void What_is_counted_is_named_in_the_singular_or_the_plural(long number, string shown) => Assert.Equal(shown, Units.Counted(number, "image"));
}
