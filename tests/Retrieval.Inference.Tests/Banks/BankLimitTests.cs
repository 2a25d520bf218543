using Retrieval.Domain.Bundles;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests.Banks;

/// <summary>A bank that does not fit is refused before a byte is copied, in numbers that an operator can check.</summary>
[Trait("Promise", "13")]
public sealed class BankLimitTests
{
    [Fact]
    public void A_bank_larger_than_the_limit_is_refused_with_the_arithmetic()
    {
        // 55,880 float32 a row: the fast profile of CAMP at D=1024. Nothing is read: the address leads nowhere.
        var records = new MappedRecords(123_000, [(new FieldSpec("v", ElementType.Float32, [55_880], false), 1, 123_000)], 0, 0);
        var budget = new MemoryBudget(new HostMemory(), 24_000_000_000);
        var copied = 0L;

        var refusal = Assert.Throws<BankTooLargeException>(() => SampleRecords.Open(budget, RecordSide.Image, records, progress: progress => copied += progress.CopiedBytes));

        Assert.Equal(27_492_960_000, refusal.NeededBytes);
        Assert.InRange(refusal.AvailableBytes, 0, 24_000_000_000);
        Assert.StartsWith("the bank of images needs 27.5 GB: 123,000 rows × 223,520 bytes; the device has ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(" GB free of ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("DeviceMemoryBytes allows banks 24.0 GB, of which 0.0 MB are taken", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("Use a bundle of the compact profile, of float16 or of int8 records, or a device with more memory", refusal.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (copied, budget.Taken));
    }

    [Fact]
    public void A_bank_that_even_the_machine_cannot_hold_is_refused_without_a_limit()
    {
        var rows = long.MaxValue / 1_000_000;
        var records = new MappedRecords(rows, [(new FieldSpec("v", ElementType.Float32, [1000], false), 1, rows)], 0, 0);

        var refusal = Assert.Throws<BankTooLargeException>(() => SampleRecords.Open(new MemoryBudget(new HostMemory(), 0), RecordSide.Caption, records));

        Assert.Contains("the bank of captions needs", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("DeviceMemoryBytes", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Growth_that_does_not_fit_beside_what_serves_is_refused_and_what_serves_serves_on()
    {
        using var records = new SampleRecords(RecordSide.Caption, 3000, 1);
        var budget = new MemoryBudget(new HostMemory(), records.Bytes(2000) + records.Bytes(1500));
        using var first = records.Open(budget, 1500);
        var taken = budget.Taken;

        var refusal = Assert.Throws<BankTooLargeException>(() => records.Open(budget, 3000, first));

        Assert.Contains("in addition to the", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("words ×", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(records.Bytes(3000), refusal.NeededBytes);
        Assert.Equal(taken, budget.Taken);
        records.Holds(first, 1500);
        using var within = records.Open(budget, 1501, first);
        records.Holds(within, 1501);
    }

    [Fact]
    public void A_bank_that_is_given_up_leaves_its_rows_as_spare_room()
    {
        using var records = new SampleRecords(RecordSide.Image, 2000, 4);
        var budget = new MemoryBudget(new HostMemory(), 0);
        using var first = records.Open(budget, 1500);
        var taken = budget.Taken;

        // A generation whose other bank does not fit is tried again and again.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var copied = 0L;
            using (var abandoned = records.Open(budget, 1510, first, progress => copied = progress.CopiedBytes))
            {
                Assert.Equal(taken, budget.Taken);
            }

            Assert.Equal(records.Bytes(1510) - records.Bytes(1500), copied);
        }

        using var next = records.Open(budget, 1520, first);
        using var after = records.Open(budget, 1530, next);
        records.Holds(first, 1500);
        records.Holds(after, 1530);
        Assert.Equal(taken, budget.Taken);
    }

    [Fact]
    public void A_generation_that_only_deletes_leaves_the_next_one_room_to_append_in_place()
    {
        using var records = new SampleRecords(RecordSide.Caption, 2000, 5);
        var budget = new MemoryBudget(new HostMemory(), 0);
        var current = records.Open(budget, 1500);
        var taken = budget.Taken;
        for (var rows = 1501; rows < 1540; rows++)
        {
            // A generation of the same rows, as a deletion makes it, then one with a row more; each ends the one before.
            foreach (var next in new[] { rows - 1, rows })
            {
                var former = current;
                current = records.Open(budget, next, former);
                former.Dispose();
                Assert.Equal(taken, budget.Taken);
            }
        }

        records.Holds(current, 1539);
        current.Dispose();
        Assert.Equal(0, budget.Taken);
    }

    [Fact]
    public void Spare_room_leaves_what_is_to_be_kept_free()
    {
        using var records = new SampleRecords(RecordSide.Image, 1000, 2);
        var other = records.Bytes(700);
        var budget = new MemoryBudget(new HostMemory(), records.Bytes(1000) + other);
        using var bank = SampleRecords.Open(budget, RecordSide.Image, records.Take(1000), keepFree: other);
        using var second = records.Open(budget, 700);
        records.Holds(bank, 1000);
        records.Holds(second, 700);
    }

    [Fact]
    public void Spare_room_gives_way_before_a_bank_is_refused()
    {
        using var records = new SampleRecords(RecordSide.Image, 1000, 2);
        var exact = new MemoryBudget(new HostMemory(), records.Bytes(1000));
        using (var bank = records.Open(exact, 1000))
        {
            Assert.Equal((1000, records.Bytes(1000)), (bank.Capacity, bank.ResidentBytes));
            records.Holds(bank, 1000);
        }

        var half = new MemoryBudget(new HostMemory(), records.Bytes(1000) * 3 / 2);
        using (var bank = records.Open(half, 1000))
        {
            Assert.InRange(bank.Capacity, 1490, 1500);
            Assert.InRange(bank.ResidentBytes, bank.Bytes, records.Bytes(1000) * 3 / 2);
        }

        var short_ = new MemoryBudget(new HostMemory(), records.Bytes(1000) - 1);
        Assert.Throws<BankTooLargeException>(() => records.Open(short_, 1000));
        Assert.Equal(0, short_.Taken);
    }

    [Fact]
    public void Both_sides_share_one_limit()
    {
        using var images = new SampleRecords(RecordSide.Image, 1000, 3);
        using var captions = new SampleRecords(RecordSide.Caption, 1000, 3);
        var budget = new MemoryBudget(new HostMemory(), images.Bytes(1000) + captions.Bytes(1000) - 1);
        using var first = images.Open(budget, 1000);

        Assert.Throws<BankTooLargeException>(() => captions.Open(budget, 1000));
        first.Dispose();
        using var second = captions.Open(budget, 1000);
        captions.Holds(second, 1000);
    }

    [Fact]
    public void A_load_that_is_cancelled_leaves_nothing_behind_and_can_be_made_again()
    {
        // 192 MiB, three chunks; nobody writes to it, so it is pages of zeros.
        using var memory = new ZeroedMemory(192L << 20);
        var field = new FieldSpec("v", ElementType.Float32, [1 << 18], false);
        MappedRecords Take(long rows) => new(rows, [(field, memory.Address, rows)], 0, 0);
        var budget = new MemoryBudget(new HostMemory(), 0);

        void Cancelled(long rows, FeatureBank? former)
        {
            using var stop = new CancellationTokenSource();
            var chunks = 0;
            var taken = budget.Taken;
            Assert.Throws<OperationCanceledException>(() => FeatureBank.Open(budget, RecordSide.Image, Take(rows), former, 0, new Told<BankProgress>(_ =>
            {
                chunks++;
                stop.Cancel();
            }), stop.Token));
            Assert.Equal((1, taken), (chunks, budget.Taken));
        }

        Cancelled(192, null);
        using var first = FeatureBank.Open(budget, RecordSide.Image, Take(64), cancellationToken: TestContext.Current.CancellationToken);

        // In place, and into a new room.
        Cancelled(192, first);
        using var second = FeatureBank.Open(budget, RecordSide.Image, Take(192), first, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(SampleRecords.Address(first, "image.v"), SampleRecords.Address(second, "image.v"));
        Assert.Equal(192, second.Rows);
    }
}
