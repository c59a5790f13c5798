<?php
declare(strict_types=1);

use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/handle.php';

final class HandleTest extends TestCase
{
    public function testGreetsByName(): void
    {
        $this->assertSame(['name' => 'Åse', 'message' => 'Goddag, Åse.'], handle(['name' => 'Åse']));
    }

    public function testGreetsEachOfMany(): void
    {
        $this->assertSame([['name' => 'Bo', 'message' => 'Goddag, Bo.']], handle(['names' => ['Bo']]));
    }

    public function testRefusesARecordWithoutAName(): void
    {
        $this->assertSame(['error' => 'The record has no name.'], handle([]));
    }
}
